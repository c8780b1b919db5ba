using Recsys.Engine.Als;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Tests.Als;

public sealed class FactorSourceTests
{
    private const int Rows = 5;
    private const int Factors = 3;

    [Fact]
    public async Task What_came_from_elsewhere_is_freed_with_the_last_holder_of_a_table_that_another_has_followed()
    {
        var side = new Side(owned: true);
        using var source = new FactorSource(Factors, [.. Enumerable.Repeat(Rows, VirtualBlocks.Count)], side.Owners, int.MaxValue);
        var first = await Hold(source, 1);
        Assert.True((await source.GetAsync(1, default)).TryHold());
        first.Release();
        await Hold(source, 2);
        var ofFirst = side.Given.Where(b => b.Phase == 1).ToList();
        Assert.All(ofFirst, b => Assert.Equal(b.Block + 0.5f, b.Row(0)[1]));
        Assert.Equal(7.5f, Value(first, 7, 1));
        first.Release();
        Assert.True(SpinWait.SpinUntil(() => ofFirst.TrueForAll(IsFreed), TimeSpan.FromSeconds(10)));
        Assert.False(first.TryHold());
        Assert.DoesNotContain(side.Given, b => b.Phase == 2 && IsFreed(b));
    }

    [Fact]
    public async Task What_came_in_pieces_is_freed_as_soon_as_it_is_put_together()
    {
        var side = new Side(owned: true);
        using var source = new FactorSource(Factors, [.. Enumerable.Repeat(Rows, VirtualBlocks.Count)], side.Owners, maxRows: 2);
        var table = await Hold(source, 1);
        Assert.Equal(3 * VirtualBlocks.Count, side.Given.Count);
        Assert.All(side.Given, b => Assert.True(IsFreed(b)));
        Assert.Equal(7.5f, Value(table, 7, 1));
        table.Release();
    }

    [Fact]
    public async Task Views_of_a_partition_of_this_process_stay_its_own()
    {
        var side = new Side(owned: false);
        using (var source = new FactorSource(Factors, [.. Enumerable.Repeat(Rows, VirtualBlocks.Count)], side.Owners, int.MaxValue))
        {
            (await Hold(source, 1)).Release();
            (await Hold(source, 2)).Release();
        }

        Assert.NotEmpty(side.Given);
        Assert.DoesNotContain(side.Given, IsFreed);
    }

    [Fact]
    public async Task Rows_that_a_partition_needs_are_fetched_and_again_when_another_comes_that_needs_more()
    {
        var data = AlsTestData.Create(100, VirtualBlocks.Count * Rows, 1);
        var rows = LocalRows.Cut(data, 8);
        var side = new Side(owned: true);
        using var source = new FactorSource(
            Factors,
            rows.ItemOrder.BlockRows,
            side.Owners,
            int.MaxValue);
        source.Need(rows.Users[0]);
        var first = await Hold(source, 1);
        int needed = source.Needed.Sum();
        Assert.InRange(needed, 1, data.Items.Count / 2);
        Assert.Equal(needed, side.Given.Sum(b => b.Wanted!.Count));
        source.Need(rows.Users[0]);
        Assert.Same(first, await source.GetAsync(1, default));
        source.Need(rows.Users[5]);
        Assert.NotSame(first, await source.GetAsync(1, default));
        Assert.InRange(source.Needed.Sum(), needed + 1, data.Items.Count);
        first.Release();
    }

    private static Task<FactorTable> Hold(IFactorSource source, int phase) => source.HoldAsync(phase, default, default);

    private static unsafe float Value(FactorTable table, int block, int factor) => table.Bases[block][factor];

    private static bool IsFreed(FactorBlock block)
    {
        try
        {
            return block.Row(0).IsEmpty;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    /// <summary>A partition with all blocks, each asked for by itself.</summary>
    private sealed class Side(bool owned) : IFactorPartition
    {
        public List<FactorBlock> Given { get; } = [];

        public IReadOnlyList<IFactorPartition> Owners => [.. Enumerable.Repeat(this, VirtualBlocks.Count)];

        public ValueTask<FactorBlock> GetWhitenedAsync(int phase, int block, int firstRow, int maxRows, RowSelection? wanted, CancellationToken cancellationToken)
        {
            var rows = new DenseMatrix(wanted is null ? Math.Min(maxRows, Rows - firstRow) : maxRows, Factors);
            rows.Row(0)[1] = block + 0.5f;
            var given = owned
                ? FactorBlock.Own(phase, block, firstRow, rows, wanted)
                : new FactorBlock(phase, block, firstRow, rows.Rows, rows, 0);
            Given.Add(given);
            return new(given);
        }

        public Task InitializeAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<GramPart>> GramAsync(int phase, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task WhitenAsync(int phase, Lazy<AlsBasis> basis, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<HalfEpochReport> SolveAsync(HalfEpoch halfEpoch, Lazy<AlsBasis> basis, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<FactorBlock> GetFactorsAsync(int block, int firstRow, int maxRows, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask PutFactorsAsync(FactorBlock rows, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
