using Recsys.Engine.Als;
using Recsys.Engine.Compute;

namespace Recsys.Engine.Tests.Als;

public sealed class AlsCoordinatorTests
{
    private static readonly AlsOptions Options = new() { Factors = 2, Regularization = 2, Iterations = 3, SubspaceSize = 2 };

    [Fact]
    public async Task A_half_epoch_brings_the_Gram_matrices_of_what_it_solved_where_they_are_wanted()
    {
        var data = AlsTestData.Create(100, 60, 7);
        using var pool = new ComputePool(2);
        using var sides = new LocalSides(data, Options with { Partitions = 3 }, pool);
        await Task.WhenAll(sides.Users.Concat(sides.Items).Select(p => p.InitializeAsync(default)));
        var schedule = new AlsSchedule(Options, sides.Problem);
        var grams = await Task.WhenAll(sides.Items.Select(p => p.GramAsync(0, default)));
        var basis = new Lazy<AlsBasis>(schedule.Basis(1, GramTree.Total(grams.SelectMany(g => g))));
        await Task.WhenAll(sides.Items.Select(p => p.WhitenAsync(1, basis, default)));
        var with = await sides.Users[1].SolveAsync(schedule.HalfEpoch(1), basis, default);
        var asked = await sides.Users[1].GramAsync(1, default);
        Assert.NotEmpty(asked);
        Assert.Equal(asked.Select(g => (g.Level, g.Index)), with.Grams!.Select(g => (g.Level, g.Index)));
        Assert.All(asked.Zip(with.Grams!), g => Assert.Equal(g.First.Gram.Values.ToArray(), g.Second.Gram.Values.ToArray()));
        Assert.Null((await sides.Users[2].SolveAsync(schedule.HalfEpoch(1) with { WithGram = false }, basis, default)).Grams);
        Assert.False(schedule.HalfEpoch(schedule.Phases).WithGram);
        Assert.True(schedule.HalfEpoch(schedule.Phases - 1).WithGram);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Gram_matrices_are_asked_for_where_reports_bring_none_and_a_basis_that_nobody_uses_is_not_computed(bool bring)
    {
        // Five rows of each side, of which nothing is asked but what the loop itself needs.
        var problem = new AlsProblem(5, 5, "u", "i");
        FarPartition users = new(bring), items = new(bring);
        var losses = await new AlsCoordinator(Options, problem, [users], [items]).RunAsync(null, default);
        Assert.Equal(3, losses.Count);
        Assert.Equal((4, 3), (users.Solved, items.Solved));

        // The items' initial factors are asked for in any case, the users' last ones in none.
        Assert.Equal(bring ? (0, 1) : (3, 4), (users.Asked, items.Asked));
        Assert.Equal((0, 0), (users.Computed, items.Computed));
    }

    /// <summary>A partition that makes the basis by itself, as one in another process does.</summary>
    private sealed class FarPartition(bool bringsGrams) : IFactorPartition
    {
        private static readonly IReadOnlyList<GramPart> Grams = [new GramPart(6, 0, new GramMatrix(2, [1, 0, 0, 1]))];

        public int Asked { get; private set; }

        public int Solved { get; private set; }

        public int Computed { get; private set; }

        public Task InitializeAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<IReadOnlyList<GramPart>> GramAsync(int phase, CancellationToken cancellationToken)
        {
            Asked++;
            return Task.FromResult(Grams);
        }

        public Task WhitenAsync(int phase, Lazy<AlsBasis> basis, CancellationToken cancellationToken)
        {
            Computed += basis.IsValueCreated ? 1 : 0;
            return Task.CompletedTask;
        }

        public Task<HalfEpochReport> SolveAsync(HalfEpoch halfEpoch, Lazy<AlsBasis> basis, CancellationToken cancellationToken)
        {
            Solved++;
            Computed += basis.IsValueCreated ? 1 : 0;
            double[] zeros = new double[VirtualBlocks.Count];
            return Task.FromResult(new HalfEpochReport(0, zeros, zeros, bringsGrams && halfEpoch.WithGram ? Grams : null));
        }

        public ValueTask<FactorBlock> GetWhitenedAsync(
            int phase, int block, int firstRow, int maxRows, RowSelection? wanted, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<FactorBlock> GetFactorsAsync(int block, int firstRow, int maxRows, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask PutFactorsAsync(FactorBlock rows, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
