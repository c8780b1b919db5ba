namespace Recsys.Engine.Ease.Distributed;

/// <summary>What a distributed training moves and holds, computed from the layout.</summary>
public static class EaseTraffic
{
    /// <summary>
    /// Bytes of panels and pivot blocks that go from host to host: of every step each host gets the blocks of Y it has not
    /// made itself, and L⁻¹. With H hosts of equal shares about 4·n²·(H − 1).
    /// </summary>
    /// <param name="layout">Who owns what.</param>
    /// <param name="hostOf">The host of each partition.</param>
    public static long PanelBytes(EaseLayout layout, IReadOnlyList<int> hostOf)
    {
        ArgumentNullException.ThrowIfNull(layout);
        long square = (long)layout.Block * layout.Block * sizeof(float);
        long bytes = 0;
        foreach (int host in hostOf.Distinct())
        {
            // The first block each host owns: until then it makes no part of a panel, and needs no L⁻¹.
            int[] owners = [.. Enumerable.Range(0, layout.Partitions).Where(p => hostOf[p] == host && layout.Columns(p) > 0)];
            if (owners.Length == 0)
            {
                continue;
            }

            int first = owners.Min(p => layout.Owned(p)[0]);
            for (int pivot = 0; pivot < layout.Chunks; pivot++)
            {
                int own = owners.Sum(p => layout.PanelOf(p, pivot).Length);
                bool owner = hostOf[layout.OwnerOf(pivot)] == host;
                bytes += (layout.Chunks - 1 - own) * square;
                bytes += !owner && first < pivot ? square : 0;
            }
        }

        return bytes;
    }

    /// <summary>
    /// Bytes of columns of the inverse that go from host to host in the exchange: the blocks of one triangle whose row and
    /// column belong to different hosts; with H hosts of equal shares about 2·n²·(1 − 1/H).
    /// </summary>
    public static long ExchangeBytes(EaseLayout layout, IReadOnlyList<int> hostOf)
    {
        ArgumentNullException.ThrowIfNull(layout);
        long bytes = 0;
        for (int row = 0; row < layout.Chunks; row++)
        {
            for (int column = 0; column < row; column++)
            {
                if (hostOf[layout.OwnerOf(row)] != hostOf[layout.OwnerOf(column)])
                {
                    bytes += (long)layout.Width(row) * layout.Block * sizeof(float);
                }
            }
        }

        return bytes;
    }

    /// <summary>Bytes of one checkpoint of all partitions: the lower triangle, by whole blocks.</summary>
    public static long CheckpointBytes(EaseLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        long bytes = 0;
        for (int chunk = 0; chunk < layout.Chunks; chunk++)
        {
            bytes += (long)layout.Width(chunk) * ((chunk * (long)layout.Block) + layout.Width(chunk)) * sizeof(float);
        }

        return bytes;
    }

    /// <summary>Bytes of memory a partition takes: its columns, and a few panels.</summary>
    public static long PartitionBytes(EaseLayout layout, int partition)
    {
        ArgumentNullException.ThrowIfNull(layout);
        long stride = (layout.Columns(partition) + 15) & ~15;
        long panel = (long)layout.Chunks * layout.Block * layout.Block * sizeof(float);
        return (layout.Items * stride * sizeof(float)) + (6 * panel);
    }
}
