using FsCheck;
using FsCheck.Fluent;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Tests.Evaluation;

/// <summary>Random small worlds against <see cref="BruteForce"/>, and properties that hold in all of them.</summary>
public sealed class EvaluatorOracleTests
{
    private static readonly EvaluationOptions Options = new()
    {
        Metrics = [.. Enum.GetValues<MetricKind>().SelectMany(kind => new[] { 1, 3, 10, 40 }.Select(k => new Metric(kind, k)))],
        CurveCutoffs = [2, 5],
        Resamples = 50,
    };

    [Fact]
    public void Every_metric_equals_its_definition_in_random_worlds() =>
        Check(world =>
        {
            var result = Evaluator.Evaluate(world.Model, world.Task, Options with { Threads = 2 });
            var examined = result.UserRows.ToArray();
            Assert.Equal(world.Wanted.Select((w, r) => (w, r)).Where(p => p.w.Count > 0).Select(p => p.r), examined);
            var rankings = examined.Select(r => world.Rankings[r]).ToList();
            foreach (var (metric, value, _) in result.Metrics.Select(m => (m.Metric, m.Value, m.Confidence)).Concat(result.Curves.Select(m => (m.Metric, m.Value, m.Confidence))))
            {
                double expected = metric.IsPerUser
                    ? examined.Average(r => BruteForce.User(metric, world.Rankings[r], world.Wanted[r], world.Popularity))
                    : BruteForce.All(metric, rankings, world.Items);
                Assert.Equal(expected, value, 10);
            }
        });

    [Fact]
    public void Band_metrics_equal_metrics_of_the_restricted_held_out_sets() =>
        Check(world =>
        {
            var result = Evaluator.Evaluate(world.Model, world.Task, Options with { Threads = 2 });
            var bands = PopularityBands.Of(world.Model.Histories);
            foreach (var band in result.Bands)
            {
                var restricted = world.Wanted.Select(w => w.Where(i => bands.BandOf(i) == band.Band).ToHashSet()).ToArray();
                int[] users = [.. Enumerable.Range(0, restricted.Length).Where(r => restricted[r].Count > 0)];
                Assert.Equal(users.Length, band.Users);
                Assert.Equal(restricted.Sum(w => w.Count), band.HeldOut);
                foreach (var value in band.Metrics)
                {
                    double expected = users.Length == 0
                        ? double.NaN
                        : users.Average(r => BruteForce.User(value.Metric, world.Rankings[r], restricted[r], world.Popularity));
                    Assert.Equal(expected, value.Value, 10);
                }
            }

            Assert.Equal(result.HeldOut, result.Bands.Sum(b => b.HeldOut));
            Assert.Equal(world.Items, result.Bands.Sum(b => b.Items));
            Assert.Equal(world.Popularity.Sum(), result.Bands.Sum(b => b.TrainingInteractions));
            Assert.Equal(1, result.Bands.Sum(b => b.Exposure), 12);
        });

    [Fact]
    public void Bands_have_a_third_of_the_interactions_give_or_take_one_item() =>
        Check(world =>
        {
            var bands = PopularityBands.Of(world.Model.Histories);
            double third = bands.Total / 3.0;
            double most = world.Popularity.Max();
            long cumulative = bands.Interactions(PopularityBand.Head);
            Assert.InRange(cumulative, Math.Min(third, bands.Total), third + most);
            cumulative += bands.Interactions(PopularityBand.Mid);
            Assert.InRange(cumulative, Math.Min(2 * third, bands.Total), (2 * third) + most);
            var sorted = Enumerable.Range(0, world.Items).OrderByDescending(i => world.Popularity[i]).ThenBy(i => i).Select(bands.BandOf).ToList();
            Assert.Equal(sorted.Order(), sorted);
        });

    [Fact]
    public void Results_are_the_same_bits_for_one_two_and_seven_threads() =>
        Check(
            world =>
            {
                var results = new[] { 1, 2, 7 }.Select(t => Evaluator.Evaluate(world.Model, world.Task, Options with { Threads = t })).ToList();
                foreach (var other in results.Skip(1))
                {
                    Assert.Equal(results[0].Metrics, other.Metrics);
                    Assert.Equal(results[0].Curves, other.Curves);
                    Assert.Equal(results[0].Bands.SelectMany(b => b.Metrics), other.Bands.SelectMany(b => b.Metrics));
                    Assert.Equal(results[0].Bands.Select(b => (b.Users, b.HeldOut, b.Exposure)), other.Bands.Select(b => (b.Users, b.HeldOut, b.Exposure)));
                    Assert.All(
                        results[0].Metrics.Where(m => m.Metric.IsPerUser),
                        m => Assert.Equal(results[0].PerUser(m.Metric).ToArray(), other.PerUser(m.Metric).ToArray()));
                }
            },
            count: 15);

    private static void Check(Action<World> property, int count = 60) =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed => property(new World(seed)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(count));

    /// <summary>A few users and items; scores take few values, so that ties are common.</summary>
    private sealed class World
    {
        public World(int seed)
        {
            var random = new Random(seed);
            Items = random.Next(4, 60);
            int users = random.Next(1, 30);
            double density = random.NextDouble() * 0.4;
            var training = Enumerable.Range(0, users).Select(_ => Matrices.Subset(random, Items, density)).ToArray();
            training[0] = [random.Next(Items)];
            var scores = training.Select(_ => Enumerable.Range(0, Items).Select(_ => (float)random.Next(6)).ToArray()).ToArray();
            bool strong = random.Next(2) == 0;
            var histories = strong ? [.. training.Select(_ => Matrices.Subset(random, Items, 0.3))] : training;
            var held = histories.Select(_ => Matrices.Subset(random, Items, 0.2)).ToArray();
            held[0] = [.. held[0].Append(Enumerable.Range(0, Items).Except(histories[0]).First()).Distinct()];

            // a folded-in user is told by the history's sum and length, which need not be unique
            float[] OfHistory(int[] items) => scores[((items.Sum() * 31) + items.Length) % users];

            var matrix = Matrices.Of(Items, training);
            Model = new FakeModel(matrix, u => scores[u], (items, _) => OfHistory(items));
            Task = strong
                ? EvaluationTask.Strong(Matrices.Of(Items, histories), Matrices.Of(Items, held))
                : EvaluationTask.Weak([.. Enumerable.Range(0, users)], Matrices.Of(Items, held));
            Rankings = [.. histories.Select((h, u) => BruteForce.Rank(strong ? OfHistory(h) : scores[u], h))];
            Wanted = [.. held.Select((w, u) => w.Except(histories[u]).ToHashSet())];
            Popularity = new int[Items];
            foreach (int item in training.SelectMany(t => t))
            {
                Popularity[item]++;
            }
        }

        public int Items { get; }

        public FakeModel Model { get; }

        public EvaluationTask Task { get; }

        public List<int>[] Rankings { get; }

        public HashSet<int>[] Wanted { get; }

        public int[] Popularity { get; }
    }
}
