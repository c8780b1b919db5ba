namespace Recsys.Engine.Als;

/// <summary>
/// What is asked for of each partition of a side to fetch its rows: as many whole blocks in a call as fit, so that they can be
/// used where they are put, or a part of one that does not fit by itself. The same for every half-epoch.
/// </summary>
internal sealed class FetchPlan
{
    private FetchPlan(IReadOnlyList<IReadOnlyList<Request>> partitions) => Partitions = partitions;

    /// <summary>What is asked of each partition, one after the other.</summary>
    public IReadOnlyList<IReadOnlyList<Request>> Partitions { get; }

    /// <summary>Plans the fetching of a side.</summary>
    /// <param name="blockRows">Number of rows of each virtual block.</param>
    /// <param name="owners">The partition that owns each block; its blocks follow one another.</param>
    /// <param name="needs">The rows that are needed; null: all.</param>
    /// <param name="maxRows">Most rows sent in one call.</param>
    /// <param name="from">The block to begin with: where each process begins with its own, no partition is asked by all of them at once.</param>
    public static FetchPlan Create(
        IReadOnlyList<int> blockRows, IReadOnlyList<IFactorPartition> owners, RowNeeds? needs, int maxRows, int from = 0)
    {
        var partitions = new List<IReadOnlyList<Request>>();
        int before = 0;
        for (int block = 0, end; block < owners.Count; block = end)
        {
            for (end = block + 1; end < owners.Count && owners[end] == owners[block]; end++)
            {
            }

            var requests = OfPartition(block, end);
            if (requests.Count > 0)
            {
                partitions.Add(requests);
                before += end <= from ? 1 : 0;
            }
        }

        return new FetchPlan([.. partitions[before..], .. partitions[..before]]);

        List<Request> OfPartition(int first, int end)
        {
            var requests = new List<Request>();
            for (int block = first, stop; block < end; block = stop)
            {
                stop = block + 1;
                int sent = Sent(block);
                if (sent > maxRows)
                {
                    requests.AddRange(Pieces(block, owners[block]));
                    continue;
                }

                int rows = blockRows[block];
                while (stop < end && Sent(stop) <= maxRows - sent)
                {
                    sent += Sent(stop);
                    rows += blockRows[stop++];
                }

                if (sent > 0)
                {
                    requests.Add(new Request(owners[block], block, 0, rows, needs is null ? null : Select(block, stop, rows)));
                }
            }

            return requests;
        }

        int Sent(int block) => needs?.Of(block).Count ?? blockRows[block];

        IEnumerable<Request> Pieces(int block, IFactorPartition owner)
        {
            int sent = Sent(block);
            for (int start = 0; start < sent; start += maxRows)
            {
                int to = Math.Min(start + maxRows, sent);
                if (needs is null)
                {
                    yield return new Request(owner, block, start, to - start, null);
                }
                else
                {
                    var wanted = needs.Of(block);
                    int first = wanted.Rows[start], count = wanted.Rows[to - 1] + 1 - first;
                    yield return new Request(owner, block, first, count, wanted.Slice(first, count));
                }
            }
        }

        RowSelection Select(int first, int end, int rows)
        {
            var bits = new ulong[RowSelection.Words(rows)];
            int start = 0;
            for (int block = first; block < end; block++)
            {
                foreach (int row in needs!.Of(block).Rows)
                {
                    RowSelection.Set(bits, start + row);
                }

                start += blockRows[block];
            }

            return new RowSelection(bits);
        }
    }

    /// <summary>A call: rows of a block from <paramref name="FirstRow"/> on, perhaps through blocks that follow it.</summary>
    /// <param name="Owner">Whom it is made to.</param>
    /// <param name="Block">The block of the first row.</param>
    /// <param name="FirstRow">The first row, from the start of the block.</param>
    /// <param name="Rows">Number of rows.</param>
    /// <param name="Wanted">Those of them that are needed; null: all.</param>
    public sealed record Request(IFactorPartition Owner, int Block, int FirstRow, int Rows, RowSelection? Wanted);
}
