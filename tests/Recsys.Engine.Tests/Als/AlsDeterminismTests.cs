using Recsys.Engine.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Tests.Als;

public sealed class AlsDeterminismTests
{
    private static readonly AlsOptions Options = new() { Factors = 24, Alpha = 8, Regularization = 2, Iterations = 4, SubspaceSize = 16 };

    public static TheoryData<AlsSolver, double> Solvers => new()
    {
        { AlsSolver.Cholesky, 0 },
        { AlsSolver.ConjugateGradient, 0 },
        { AlsSolver.ConjugateGradient, 0.5 },
        { AlsSolver.Subspace, 0 },
        { AlsSolver.Subspace, 0.5 },
    };

    [Theory]
    [MemberData(nameof(Solvers))]
    public void The_model_is_the_same_bits_for_any_number_of_threads_and_partitions(AlsSolver solver, double exponent)
    {
        var data = AlsTestData.Create(500, 300, 7, weighted: true);
        var options = Options with { Solver = solver, RegularizationExponent = exponent };
        using var expected = AlsTrainer.Train(data, options with { Threads = 1, Partitions = 1 });
        foreach (int threads in new[] { 1, 2, 7 })
        {
            foreach (int partitions in new[] { 1, 4, 5, 64 })
            {
                using var actual = AlsTrainer.Train(data, options with { Threads = threads, Partitions = partitions });
                Assert.Equal(expected.Losses, actual.Losses);
                AssertSame(expected.UserFactors, actual.UserFactors);
                AssertSame(expected.ItemFactors, actual.ItemFactors);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public async Task Partitions_in_another_process_and_repeated_calls_give_the_same_bits(AlsSolver solver, double exponent)
    {
        var data = AlsTestData.Create(500, 300, 7, weighted: true);
        var options = Options with { Solver = solver, RegularizationExponent = exponent, Partitions = 5 };
        using var expected = AlsTrainer.Train(data, options);
        using var pool = new ComputePool(2);
        using var sides = new LocalSides(data, options, pool, maxRows: 3, wire: p => new WirePartition(p));
        var losses = await new AlsCoordinator(options, sides.Problem, sides.Users, sides.Items).RunAsync(null, default);
        Assert.Equal(expected.Losses, losses);
        using DenseMatrix users = sides.CollectUsers(), items = sides.CollectItems();
        AssertSame(expected.UserFactors, users);
        AssertSame(expected.ItemFactors, items);
        Assert.All(sides.Users.Concat(sides.Items), p => Assert.True(((WirePartition)p).RowsSent > 0));
    }

    [Fact]
    public void The_model_does_not_depend_on_the_order_of_the_data()
    {
        var data = AlsTestData.Create(200, 100, 8, weighted: true);
        var random = new Random(1);
        int[] users = [.. Enumerable.Range(0, 200).OrderBy(_ => random.Next())];
        int[] items = [.. Enumerable.Range(0, 100).OrderBy(_ => random.Next())];
        int[] place = new int[100];
        for (int i = 0; i < 100; i++)
        {
            place[items[i]] = i;
        }

        var offsets = new long[201];
        var columns = new List<int>();
        var values = new List<float>();
        for (int u = 0; u < 200; u++)
        {
            var weights = data.Interactions.RowValues(users[u]).ToArray();
            foreach (var (item, weight) in data.Interactions.Row(users[u]).ToArray().Select((c, e) => (place[c], weights[e])).Order())
            {
                columns.Add(item);
                values.Add(weight);
            }

            offsets[u + 1] = columns.Count;
        }

        var shuffled = new Dataset(
            IdTable.FromStrings(users.Select(u => data.Users[u])),
            IdTable.FromStrings(items.Select(i => data.Items[i])),
            new SparseMatrix(200, 100, offsets, [.. columns], [.. values]));
        using var expected = AlsTrainer.Train(data, Options);
        using var actual = AlsTrainer.Train(shuffled, Options);
        for (int u = 0; u < 200; u++)
        {
            Assert.True(expected.UserFactors.Row(users[u]).SequenceEqual(actual.UserFactors.Row(u)));
        }
    }

    [Fact]
    public void Another_seed_gives_another_model_of_about_the_same_loss()
    {
        var data = AlsTestData.Create(300, 200, 9);
        using var one = AlsTrainer.Train(data, Options with { Iterations = 10 });
        using var other = AlsTrainer.Train(data, Options with { Iterations = 10, Seed = 43 });
        Assert.False(one.ItemFactors.Row(1).SequenceEqual(other.ItemFactors.Row(1)));
        Assert.Equal(1, one.Losses[^1] / other.Losses[^1], 0.02);
    }

    [Fact]
    public async Task A_half_epoch_that_was_cut_off_is_finished_by_repeating_the_call()
    {
        var data = AlsTestData.Create(500, 300, 7, weighted: true);
        var options = Options with { Solver = AlsSolver.ConjugateGradient, Partitions = 2 };
        using var expected = AlsTrainer.Train(data, options);
        using var pool = new ComputePool(2);
        var scissors = new Scissors();
        using var sides = new LocalSides(
            data, options, pool, wire: p => new InterruptedPartition(p, scissors), wrap: s => new CountingSolver(s, scissors));
        await new AlsCoordinator(options, sides.Problem, sides.Users, sides.Items).RunAsync(null, default);
        using var users = sides.CollectUsers();
        AssertSame(expected.UserFactors, users);
        Assert.All(sides.Users.Concat(sides.Items), p => Assert.True(((InterruptedPartition)p).Interruptions > 0));
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public async Task Training_resumed_from_stored_factors_gives_the_same_bits(AlsSolver solver, double exponent)
    {
        var data = AlsTestData.Create(500, 300, 7, weighted: true);
        var options = Options with { Solver = solver, RegularizationExponent = exponent, Partitions = 3 };
        using var expected = AlsTrainer.Train(data, options);
        using var pool = new ComputePool(2);
        using var first = new LocalSides(data, options, pool);
        var half = new AlsCoordinator(options with { Iterations = 2 }, first.Problem, first.Users, first.Items) { FinishUsers = false };
        var losses = (await half.RunAsync(null, default)).ToList();
        using var second = new LocalSides(data, options, pool);
        await CopyAsync(first.Users, second.Users);
        await CopyAsync(first.Items, second.Items);
        losses.AddRange(await new AlsCoordinator(options, second.Problem, second.Users, second.Items).ResumeAsync(2, null, default));
        Assert.Equal(expected.Losses, losses);
        using DenseMatrix users = second.CollectUsers(), items = second.CollectItems();
        AssertSame(expected.UserFactors, users);
        AssertSame(expected.ItemFactors, items);
    }

    [Fact]
    public async Task Calls_for_a_phase_that_is_past_change_nothing()
    {
        var data = AlsTestData.Create(100, 60, 7);
        using var pool = new ComputePool(2);
        using var sides = new LocalSides(data, Options, pool);
        await new AlsCoordinator(Options, sides.Problem, sides.Users, sides.Items).RunAsync(null, default);
        using var before = sides.CollectUsers();
        var gram = GramTree.Total(await sides.Items[0].GramAsync(0, default));
        var basis = new Lazy<AlsBasis>(AlsBasis.Create(gram, 1, 2, false, "ALS"));
        await sides.Users[0].InitializeAsync(default);
        await Assert.ThrowsAsync<RecsysException>(() => sides.Users[0].SolveAsync(new HalfEpoch(3, AlsSolver.Cholesky, false), basis, default));
        using var after = sides.CollectUsers();
        AssertSame(before, after);
        await Assert.ThrowsAsync<RecsysException>(async () => await sides.Users[0].GetWhitenedAsync(3, 0, 0, 10, null, default));
        await Assert.ThrowsAsync<RecsysException>(async () => await sides.Users[0].GetFactorsAsync(64, 0, 10, default));
    }

    [Fact]
    public void Gram_parts_that_do_not_cover_all_blocks_are_refused()
    {
        var gram = new GramMatrix(1, [1]);
        var all = Enumerable.Range(0, 64).Select(b => new GramPart(0, b, gram)).ToList();
        Assert.Equal(64, GramTree.Total(all).Values[0]);
        Assert.Throws<RecsysException>(() => GramTree.Total(all.Skip(1)));
        Assert.Equal(6, GramTree.Reduce(all.Skip(1)).Count);
    }

    [Fact]
    public void Initial_factors_depend_on_seed_side_and_id_and_are_normal()
    {
        const int Count = 200_000;
        var all = new float[Count];
        RowInitializer.Fill(all, 42, "user", 12345, 2f);
        double mean = all.Average(), variance = all.Average(x => (x - mean) * (x - mean));
        Assert.Equal(0, mean, 0.02);
        Assert.Equal(4, variance, 0.05);
        Assert.Equal(0.6827, all.Count(x => Math.Abs(x) < 2) / (double)Count, 0.01);
        Assert.Equal(0.9545, all.Count(x => Math.Abs(x) < 4) / (double)Count, 0.005);
        Assert.Equal(3, all.Average(x => Math.Pow((x - mean) / 2, 4)), 0.1);
        foreach (var (seed, kind, hash) in new[] { (43, "user", 12345UL), (42, "item", 12345UL), (42, "user", 12346UL) })
        {
            var others = new float[Count];
            RowInitializer.Fill(others, seed, kind, hash, 2f);
            double correlation = all.Zip(others, (a, b) => a * b).Average() / 4;
            Assert.Equal(0, correlation, 0.02);
        }
    }

    private static async Task CopyAsync(IReadOnlyList<IFactorPartition> from, IReadOnlyList<IFactorPartition> to)
    {
        for (int p = 0; p < from.Count; p++)
        {
            for (int block = VirtualBlocks.FirstBlock(p, from.Count); block < VirtualBlocks.FirstBlock(p + 1, from.Count); block++)
            {
                await to[p].PutFactorsAsync(await from[p].GetFactorsAsync(block, 0, int.MaxValue, default), default);
            }
        }
    }

    private static void AssertSame(DenseMatrix expected, DenseMatrix actual)
    {
        Assert.Equal(expected.Rows, actual.Rows);
        for (int r = 0; r < expected.Rows; r++)
        {
            Assert.True(expected.Row(r).SequenceEqual(actual.Row(r)), $"row {r}");
        }
    }

    /// <summary>Cancels every solving call some way into it, then repeats it.</summary>
    /// <summary>Cuts off the attempts that run once this many batches have been solved in them.</summary>
    private sealed class Scissors
    {
        private const int Batches = 5;
        private readonly List<CancellationTokenSource> _attempts = [];
        private int _solved;

        public CancellationTokenSource Begin()
        {
            var attempt = new CancellationTokenSource();
            lock (_attempts)
            {
                _attempts.Add(attempt);
            }

            return attempt;
        }

        public void Solved()
        {
            lock (_attempts)
            {
                if (_attempts.Count > 0 && ++_solved == Batches)
                {
                    _attempts.ForEach(a => a.Cancel());
                    _attempts.Clear();
                    _solved = 0;
                }
            }
        }
    }

    private sealed unsafe class CountingSolver(IRowSolver inner, Scissors scissors) : IRowSolver
    {
        public (double DataLoss, double Penalty) Solve(
            PartitionRows data, int first, int count, FactorTable fixedSide, AlsBasis basis, HalfEpoch halfEpoch, DenseMatrix factors)
        {
            var result = inner.Solve(data, first, count, fixedSide, basis, halfEpoch, factors);
            scissors.Solved();
            return result;
        }

        public void Multiply(DenseMatrix from, int first, int count, DenseMatrix matrix, MatrixShape shape, DenseMatrix to) =>
            inner.Multiply(from, first, count, matrix, shape, to);

        public GramMatrix Gram(DenseMatrix factors, int first, int count) => inner.Gram(factors, first, count);

        public void Dispose() => inner.Dispose();
    }

    private sealed class InterruptedPartition(IFactorPartition inner, Scissors scissors) : IFactorPartition
    {
        public int Interruptions { get; private set; }

        public Task InitializeAsync(CancellationToken cancellationToken) => inner.InitializeAsync(cancellationToken);

        public Task<IReadOnlyList<GramPart>> GramAsync(int phase, CancellationToken cancellationToken) => inner.GramAsync(phase, cancellationToken);

        public Task WhitenAsync(int phase, Lazy<AlsBasis> basis, CancellationToken cancellationToken) =>
            inner.WhitenAsync(phase, basis, cancellationToken);

        public async Task<HalfEpochReport> SolveAsync(HalfEpoch halfEpoch, Lazy<AlsBasis> basis, CancellationToken cancellationToken)
        {
            var attempt = scissors.Begin();
            try
            {
                await inner.SolveAsync(halfEpoch, basis, attempt.Token);
            }
            catch (OperationCanceledException)
            {
                Interruptions++;
            }

            return await inner.SolveAsync(halfEpoch, basis, cancellationToken);
        }

        public ValueTask<FactorBlock> GetWhitenedAsync(int phase, int block, int firstRow, int maxRows, RowSelection? wanted, CancellationToken cancellationToken) =>
            inner.GetWhitenedAsync(phase, block, firstRow, maxRows, wanted, cancellationToken);

        public ValueTask<FactorBlock> GetFactorsAsync(int block, int firstRow, int maxRows, CancellationToken cancellationToken) =>
            inner.GetFactorsAsync(block, firstRow, maxRows, cancellationToken);

        public ValueTask PutFactorsAsync(FactorBlock rows, CancellationToken cancellationToken) =>
            inner.PutFactorsAsync(rows, cancellationToken);
    }
}
