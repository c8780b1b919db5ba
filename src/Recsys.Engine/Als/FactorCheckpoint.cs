using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Als;

/// <summary>
/// The factors of a partition after a half-epoch in a blob store: <c>PREFIX 000011/00000000</c>, rows from row 0 on, over
/// all its blocks, and <c>PREFIX 000011/report</c>, written last, without which it is not there. Not for concurrent saving.
/// </summary>
/// <param name="store">Where.</param>
/// <param name="prefix">The partition's prefix.</param>
internal sealed class FactorCheckpoint(IBlobStore store, string prefix)
{
    private const uint RowsMagic = 0x314B4346; // FCK1
    private const uint ReportMagic = 0x31525046; // FPR1
    private const int HeaderBytes = 24;
    private const int MaxBytes = 4 << 20;
    private const string Report = "report";

    // What is there of earlier half-epochs; as far as is known.
    private int[] _older = [];

    /// <summary>Stores factors and report; when all of it is there, those of half-epochs before <paramref name="needed"/> are deleted.</summary>
    public async Task SaveAsync(FactorPartition partition, int phase, HalfEpochReport report, int needed, CancellationToken cancellationToken)
    {
        string folder = Folder(phase);
        for (int row = 0; ;)
        {
            var rows = partition.Factors(row, int.MaxValue);
            if (rows.Rows == 0)
            {
                break;
            }

            rows = partition.Factors(row, Math.Max(1, MaxBytes / (rows.Factors * sizeof(float))));
            string key = string.Create(CultureInfo.InvariantCulture, $"{folder}{row:D8}");
            await store.PutAsync(key, ToBytes(rows, phase), cancellationToken: cancellationToken).ConfigureAwait(false);
            row += rows.Rows;
        }

        await store.PutAsync(folder + Report, ToBytes(report, phase), cancellationToken: cancellationToken).ConfigureAwait(false);
        foreach (int older in _older.Where(p => p < needed))
        {
            // Where half of it stays, nobody looks at it: there is a later one.
            await store.DeleteAsync(Folder(older), cancellationToken).ConfigureAwait(false);
        }

        _older = [.. _older.Where(p => p >= needed && p != phase), phase];
    }

    /// <summary>
    /// Puts the factors of half-epoch <paramref name="phase"/>, or the latest, into <paramref name="partition"/>; returns their phase and report, or
    /// null when there are none.
    /// </summary>
    public async Task<(int Phase, HalfEpochReport Report)?> RestoreAsync(IFactorPartition partition, int? phase, CancellationToken cancellationToken)
    {
        if (await FindAsync(phase, cancellationToken).ConfigureAwait(false) is not { } latest)
        {
            return null;
        }

        foreach (string key in latest.Keys)
        {
            var rows = await ReadAsync(key, cancellationToken).ConfigureAwait(false);
            await partition.PutFactorsAsync(rows, cancellationToken).ConfigureAwait(false);
            rows.Free();
        }

        return (latest.Phase, latest.Report);
    }

    private async Task<FactorBlock> ReadAsync(string key, CancellationToken cancellationToken) => Parse(
        await store.GetAsync(key, cancellationToken).ConfigureAwait(false) ?? throw new RecsysException($"{key}: missing"), key);

    private async Task<(int Phase, HalfEpochReport Report, IReadOnlyList<string> Keys)?> FindAsync(int? wanted, CancellationToken cancellationToken)
    {
        var found = await ListAsync(cancellationToken).ConfigureAwait(false);
        _older = [.. found.Keys];
        foreach (var (phase, keys) in found.Where(f => wanted is null || f.Key == wanted).OrderByDescending(f => f.Key))
        {
            string report = Folder(phase) + Report;
            if (keys.Contains(report) && await store.GetAsync(report, cancellationToken).ConfigureAwait(false) is { } bytes)
            {
                return (phase, ParseReport(bytes, report), [.. keys.Where(k => k != report)]);
            }
        }

        return null;
    }

    private async Task<Dictionary<int, List<string>>> ListAsync(CancellationToken cancellationToken) =>
        (await store.ListAsync(prefix, cancellationToken).ConfigureAwait(false))
            .GroupBy(k => int.Parse(k.AsSpan(prefix.Length, 6), NumberStyles.None, CultureInfo.InvariantCulture))
            .ToDictionary(g => g.Key, g => g.ToList());

    private string Folder(int phase) => string.Create(CultureInfo.InvariantCulture, $"{prefix}{phase:D6}/");

    private static byte[] ToBytes(FactorBlock rows, int phase)
    {
        int rowBytes = rows.Factors * sizeof(float);
        var bytes = GC.AllocateUninitializedArray<byte>(HeaderBytes + (rows.Rows * rowBytes) + 4);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, RowsMagic);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), phase);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), rows.Block);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), rows.FirstRow);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), rows.Rows);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), rows.Factors);
        for (int r = 0; r < rows.Rows; r++)
        {
            MemoryMarshal.AsBytes(rows.Row(r)).CopyTo(bytes.AsSpan(HeaderBytes + (r * rowBytes)));
        }

        return Seal(bytes);
    }

    private static FactorBlock Parse(ReadOnlySpan<byte> bytes, string key)
    {
        Check(bytes, RowsMagic, HeaderBytes, key);
        int rows = BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]);
        int factors = BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]);
        var matrix = DenseMatrix.Recycled(rows, factors);
        var values = MemoryMarshal.Cast<byte, float>(bytes[HeaderBytes..^4]);
        for (int r = 0; r < rows; r++)
        {
            values.Slice(r * factors, factors).CopyTo(matrix.Row(r));
        }

        return FactorBlock.Own(
            BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
            matrix);
    }

    private static byte[] ToBytes(HalfEpochReport report, int phase)
    {
        int n = report.DataLoss.Length;
        var bytes = new byte[16 + (16 * n) + 4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, ReportMagic);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), phase);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), report.FirstBlock);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), n);
        MemoryMarshal.AsBytes(report.DataLoss.AsSpan()).CopyTo(bytes.AsSpan(16));
        MemoryMarshal.AsBytes(report.Penalty.AsSpan()).CopyTo(bytes.AsSpan(16 + (8 * n)));
        return Seal(bytes);
    }

    private static HalfEpochReport ParseReport(ReadOnlySpan<byte> bytes, string key)
    {
        Check(bytes, ReportMagic, 16, key);
        var values = MemoryMarshal.Cast<byte, double>(bytes[16..^4]);
        int n = values.Length / 2;
        return new HalfEpochReport(BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]), values[..n].ToArray(), values[n..].ToArray());
    }

    private static byte[] Seal(byte[] bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), Crc32C.Compute(bytes.AsSpan(0, bytes.Length - 4)));
        return bytes;
    }

    private static void Check(ReadOnlySpan<byte> bytes, uint magic, int header, string key)
    {
        if (bytes.Length < header + 4 || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) != Crc32C.Compute(bytes[..^4]))
        {
            throw new RecsysException($"{key}: altered or not a checkpoint");
        }
    }
}
