using FsCheck;
using FsCheck.Fluent;
using Recsys.Engine.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Ease.Distributed;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;
using Recsys.Engine.Serving.Partitioned;
using Recsys.Engine.Tests.Als;
using Recsys.Engine.Tests.Ease;

namespace Recsys.Engine.Tests.Serving;

public sealed class PartitionedTopNTests
{
    [Fact]
    public void Lists_are_merged_by_score_and_then_by_item()
    {
        ScoredItem[][] parts = [[new(4, 2), new(0, 1), new(5, 1)], [], [new(2, 2), new(1, 1), new(7, -1)]];
        var results = new ScoredItem[9];
        Assert.Equal(6, PartitionedTopN.Merge(parts, results));
        Assert.Equal([2, 4, 0, 1, 5, 7], results[..6].Select(r => r.Item));
        Assert.Equal(2, PartitionedTopN.Merge(parts, results.AsSpan(0, 2)));
    }

    [Fact]
    public void Any_cut_of_factors_and_any_filter_give_what_the_whole_index_gives() =>
        Prop.ForAll(Cases().ToArbitrary(), c =>
        {
            using var factors = c.Matrix(c.Items, c.Factors);
            using var index = new FactorIndex(factors);
            var user = c.User();
            var expected = new ScoredItem[c.Count];
            int count = index.Top(user.Factors.Span, user.Items.Span, c.Filter, expected);
            var parts = c.Cut().Select(items =>
            {
                using var rows = Rows(factors, items);
                return new FactorScoring(items, rows);
            }).ToArray();
            var actual = Ask(parts, new ScoringRequest(user, c.Filter, c.Count));
            Array.ForEach(parts, p => p.Dispose());
            return actual.AsSpan().SequenceEqual(expected.AsSpan(0, count));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(150));

    [Fact]
    public void Any_cut_of_columns_and_any_filter_give_what_the_whole_matrix_gives() =>
        Prop.ForAll(Cases().ToArbitrary(), c =>
        {
            using var weights = c.Matrix(c.Items, c.Items);
            var user = c.User();
            var expected = new ScoredItem[c.Count];
            int count = RowSumScorer.Top(weights, user.Items.Span, user.Weights.Span, c.Filter, expected);
            var parts = c.Cut().Select(items => new ColumnScoring(items, Columns(weights, items))).ToArray();
            var actual = Ask(parts, new ScoringRequest(user, c.Filter, c.Count));
            return actual.AsSpan().SequenceEqual(expected.AsSpan(0, count));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(150));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Partitions_that_trained_ease_serve_what_the_whole_model_serves(int partitions)
    {
        var data = EaseTestData.Weighted(EaseTestData.Bookshop(300, 500));
        var options = new EaseOptions { Regularization = 30 };
        using var model = EaseTrainer.Train(data, options);
        using var pool = new ComputePool(2);
        await using var local = new LocalEase("t", data, options, partitions, 2, pool);
        var coordinator = new EaseCoordinator(local.Plan, local.Partitions);
        await coordinator.RunAsync(null, default);
        var parts = local.Owned.Select(p => p.ShareColumns()).Select(c => new ColumnScoring(c.Items, c.Weights)).ToArray();

        // What is served outlives the training.
        await coordinator.EndAsync(default);
        await AssertSameAsync(model, parts);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task Partitions_that_trained_als_serve_what_the_whole_model_serves(int partitions)
    {
        var data = AlsTestData.Create(300, 400, 7, weighted: true);
        var options = new AlsOptions { Factors = 20, Iterations = 2, Partitions = partitions };
        using var model = AlsTrainer.Train(data, options);
        using var pool = new ComputePool(2);
        using var sides = new LocalSides(data, options, pool);
        await new AlsCoordinator(options, sides.Problem, sides.Users, sides.Items).RunAsync(null, default);
        var parts = sides.Items.Select(p => ((FactorPartition)p).CreateScoring()).ToArray();
        await AssertSameAsync(model, parts);
        Array.ForEach(parts, p => p.Dispose());
    }

    [Fact]
    public void Items_that_do_not_ascend_are_refused()
    {
        using var factors = new DenseMatrix(2, 3);
        Assert.Throws<RecsysException>(() => new FactorScoring([3, 1], factors));
        Assert.Throws<RecsysException>(() => new FactorScoring([1], factors));
        using var weights = new DenseMatrix(5, 2);
        Assert.Throws<RecsysException>(() => new ColumnScoring([1, 1], weights));
        Assert.Throws<RecsysException>(() => new ColumnScoring([1], weights));
    }

    private static async Task AssertSameAsync(IRecommenderModel model, IReadOnlyList<IScoringPartition> parts)
    {
        var users = Enumerable.Range(0, 40).Select(model.GetUser).Append(UserProfile.Empty);
        var allowed = Enumerable.Range(0, (model.Items.Count + 63) / 64).Select(w => 0x5555_0FF0_F00F_3333UL * ((ulong)w + 1)).ToArray();
        foreach (var filter in new[] { ItemFilter.Default, new ItemFilter { Exclude = new[] { 2, 3, 90 }, Allowed = allowed } })
        {
            foreach (var user in users)
            {
                var expected = new ScoredItem[20];
                int count = model.Recommend(user, filter, expected);
                var actual = await PartitionedTopN.RecommendAsync(parts, new ScoringRequest(user, filter, 20), default);
                Assert.Equal(expected[..count], actual);
            }
        }
    }

    private static ScoredItem[] Ask(IReadOnlyList<IScoringPartition> parts, ScoringRequest request) =>
        PartitionedTopN.RecommendAsync(parts, request, default).AsTask().GetAwaiter().GetResult();

    private static DenseMatrix Rows(DenseMatrix matrix, int[] rows)
    {
        var part = new DenseMatrix(rows.Length, matrix.Columns);
        for (int r = 0; r < rows.Length; r++)
        {
            matrix.Row(rows[r]).CopyTo(part.Row(r));
        }

        return part;
    }

    private static DenseMatrix Columns(DenseMatrix matrix, int[] columns)
    {
        var part = new DenseMatrix(matrix.Rows, columns.Length);
        for (int r = 0; r < matrix.Rows; r++)
        {
            for (int c = 0; c < columns.Length; c++)
            {
                part[r, c] = matrix[r, columns[c]];
            }
        }

        return part;
    }

    private static Gen<Case> Cases() =>
        from seed in Gen.Choose(0, int.MaxValue)
        from items in Gen.Choose(0, 400)
        from factors in Gen.Elements(1, 3, 8)
        from count in Gen.Choose(0, 40)
        from parts in Gen.Choose(1, 6)
        from block in Gen.Elements(1, 7, 64, 96, 100)
        select new Case(seed, items, factors, count, parts, block);

    private sealed record Case(int Seed, int Items, int Factors, int Count, int Parts, int Block)
    {
        public ItemFilter Filter
        {
            get
            {
                var random = new Random(Seed);
                ReadOnlyMemory<ulong>? allowed = null;
                if (random.Next(2) == 0)
                {
                    // Sometimes shorter than the items: those beyond it are not allowed.
                    var words = new ulong[Math.Max(0, ((Items + 63) / 64) - random.Next(3))];
                    int share = random.Next(101);
                    for (int i = 0; i < words.Length * 64; i++)
                    {
                        words[i >> 6] |= random.Next(100) < share ? 1UL << (i & 63) : 0;
                    }

                    allowed = words;
                }

                return new ItemFilter { KeepSeen = random.Next(4) == 0, Exclude = Some(random, random.Next(30)), Allowed = allowed };
            }
        }

        /// <summary>Few distinct values, so that equal scores are common.</summary>
        public DenseMatrix Matrix(int rows, int columns)
        {
            var random = new Random(Seed + 1);
            var matrix = new DenseMatrix(rows, columns);
            for (int r = 0; r < rows; r++)
            {
                foreach (ref float x in matrix.Row(r))
                {
                    x = random.Next(-2, 3) / 2f;
                }
            }

            return matrix;
        }

        public UserProfile User()
        {
            var random = new Random(Seed + 2);
            int[] items = Some(random, random.Next(60));
            float[] weights = random.Next(2) == 0 ? [] : [.. items.Select(_ => random.Next(1, 4) / 2f)];
            return new UserProfile(items, weights, Enumerable.Range(0, Factors).Select(_ => random.Next(-2, 3) / 4f).ToArray());
        }

        /// <summary>Blocks of items dealt out to the parts; some parts may get none.</summary>
        public int[][] Cut()
        {
            var random = new Random(Seed + 3);
            int[] owner = [.. Enumerable.Range(0, (Items / Block) + 1).Select(_ => random.Next(Parts))];
            return [.. Enumerable.Range(0, Parts).Select(p => Enumerable.Range(0, Items).Where(i => owner[i / Block] == p).ToArray())];
        }

        private int[] Some(Random random, int share) => [.. Enumerable.Range(0, Items).Where(_ => random.Next(100) < share)];
    }
}
