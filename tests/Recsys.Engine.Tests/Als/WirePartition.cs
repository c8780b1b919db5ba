using System.Runtime.InteropServices;
using Recsys.Engine.Als;

namespace Recsys.Engine.Tests.Als;

/// <summary>
/// Stands before a partition as if it were in another process: everything passes as bytes, and every call is made twice,
/// as after a lost answer.
/// </summary>
internal sealed class WirePartition(IFactorPartition inner) : IFactorPartition
{
    public long RowsSent { get; private set; }

    public async Task InitializeAsync(CancellationToken cancellationToken)
    {
        await inner.InitializeAsync(cancellationToken);
        await inner.InitializeAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<GramPart>> GramAsync(int phase, CancellationToken cancellationToken)
    {
        await inner.GramAsync(phase, cancellationToken);
        await Task.Yield();
        return Copy(await inner.GramAsync(phase, cancellationToken));
    }

    public async Task WhitenAsync(int phase, Lazy<AlsBasis> basis, CancellationToken cancellationToken)
    {
        await inner.WhitenAsync(phase, Copy(basis), cancellationToken);
        await inner.WhitenAsync(phase, Copy(basis), cancellationToken);
    }

    public async Task<HalfEpochReport> SolveAsync(HalfEpoch halfEpoch, Lazy<AlsBasis> basis, CancellationToken cancellationToken)
    {
        await inner.SolveAsync(halfEpoch, Copy(basis), cancellationToken);
        await Task.Yield();
        var report = await inner.SolveAsync(halfEpoch, Copy(basis), cancellationToken);
        return new HalfEpochReport(report.FirstBlock, [.. report.DataLoss], [.. report.Penalty], report.Grams is { } grams ? Copy(grams) : null);
    }

    public async ValueTask<FactorBlock> GetWhitenedAsync(
        int phase, int block, int firstRow, int maxRows, RowSelection? wanted, CancellationToken cancellationToken) =>
        Copy(await inner.GetWhitenedAsync(phase, block, firstRow, maxRows, wanted, cancellationToken));

    public async ValueTask<FactorBlock> GetFactorsAsync(int block, int firstRow, int maxRows, CancellationToken cancellationToken) =>
        Copy(await inner.GetFactorsAsync(block, firstRow, maxRows, cancellationToken));

    public ValueTask PutFactorsAsync(FactorBlock rows, CancellationToken cancellationToken) =>
        inner.PutFactorsAsync(Copy(rows), cancellationToken);

    private static GramPart[] Copy(IReadOnlyList<GramPart> parts) => [.. parts.Select(p => p with { Gram = Copy(p.Gram) })];

    private static GramMatrix Copy(GramMatrix gram) => new(gram.Size, gram.Values.ToArray());

    private static Lazy<AlsBasis> Copy(Lazy<AlsBasis> basis) =>
        new(AlsBasis.Create(Copy(basis.Value.Gram), basis.Value.GramWeight, basis.Value.Ridge, basis.Value.HasRowRidges, "copy"));

    private FactorBlock Copy(FactorBlock block)
    {
        RowsSent += block.Rows;
        byte[] bytes = MemoryMarshal.AsBytes(block.ToArray().AsSpan()).ToArray();
        return FactorBlock.Copy(
            block.Phase, block.Block, block.FirstRow, block.Rows, block.Factors, MemoryMarshal.Cast<byte, float>(bytes));
    }
}
