using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Logistic;
using Recsys.Engine.Models;
using Recsys.Engine.Negatives;

namespace Recsys.Engine.Tests.Logistic;

public sealed class LmfTrainerTests
{
    private static readonly LmfOptions Small = new() { Factors = 20, Epochs = 6, NegativeCount = 6, Blocks = 5, Threads = 1 };

    [Theory]
    [InlineData(LmfLoss.Logistic, "uniform")]
    [InlineData(LmfLoss.Bpr, "mixed:0.3:hard:4:popularity:0.75")]
    [InlineData(LmfLoss.Softmax, "in-batch:32")]
    [InlineData(LmfLoss.Softmax, "popularity:0.75")]
    public void The_same_bits_whatever_the_number_of_threads(LmfLoss loss, string negatives)
    {
        var data = PlantedTastes.Make(weighted: true);
        var options = Small with { Loss = loss, Negatives = NegativeSamplerSpec.Parse(negatives), Margin = 0.2f, DynamicMargin = true };
        using var one = LmfTrainer.Train(data, options);
        foreach (int threads in new[] { 2, 7 })
        {
            using var more = LmfTrainer.Train(data, options with { Threads = threads });
            AssertSame(one, more);
            Assert.Equal(one.Losses, more.Losses);
        }
    }

    [Theory]
    [InlineData(LmfLoss.Logistic)]
    [InlineData(LmfLoss.Bpr)]
    [InlineData(LmfLoss.Softmax)]
    public void Planted_tastes_are_learned(LmfLoss loss)
    {
        var data = PlantedTastes.Make();
        using var model = LmfTrainer.Train(data, LmfOptions.For(loss) with { Factors = 16, Epochs = 30, Threads = 1, NegativeCount = 8 });
        Assert.True(model.Losses[^1] < 0.8 * model.Losses[0], $"{model.Losses[0]} -> {model.Losses[^1]}");

        // Of three groups' shelves a user's own fills most of the list: trained or folded in.
        Assert.True(ShareOfOwnShelf(model, model.GetUser) > 0.75, $"{ShareOfOwnShelf(model, model.GetUser)}");
        double foldedIn = ShareOfOwnShelf(model, u => model.FoldIn(data.Interactions.Row(u), default));
        Assert.True(foldedIn > 0.75, $"{foldedIn}");
    }

    [Fact]
    public void Another_seed_gives_another_model_and_the_same_seed_the_same()
    {
        var data = PlantedTastes.Make();
        using var first = LmfTrainer.Train(data, Small);
        using var again = LmfTrainer.Train(data, Small);
        using var other = LmfTrainer.Train(data, Small with { Seed = 43 });
        AssertSame(first, again);
        Assert.False(first.UserFactors(0).SequenceEqual(other.UserFactors(0)));
    }

    [Fact]
    public void Negatives_of_training_are_never_items_of_the_history()
    {
        // With two items, of which each user has one, the only negative is the other: with all seen there is none.
        var matrix = new SparseMatrix(3, 2, [0, 1, 2, 4], [0, 1, 0, 1]);
        var data = new Dataset(IdTable.Sequential(3), IdTable.Sequential(2), matrix);
        using var model = LmfTrainer.Train(data, Small with { Loss = LmfLoss.Bpr, Blocks = 1, Epochs = 50, Factors = 4 });
        var scores = new float[2];
        model.Score(model.GetUser(0), scores);
        Assert.True(scores[0] > scores[1] + 1);
        model.Score(model.GetUser(1), scores);
        Assert.True(scores[1] > scores[0] + 1);

        // The third user is never trained: its row is as it was made.
        using var untrained = LmfTrainer.Train(data, Small with { Loss = LmfLoss.Bpr, Blocks = 1, Epochs = 0, Factors = 4 });
        Assert.Equal(untrained.UserFactors(2).ToArray(), model.UserFactors(2).ToArray());
    }

    [Fact]
    public void Every_click_is_learned_once_an_epoch_whatever_the_blocks()
    {
        var data = PlantedTastes.Make(users: 37, items: 30, clicks: 5);
        foreach (int blocks in new[] { 1, 2, 3, 16, 30, 200 })
        {
            // With one negative per pair and a frozen model the loss of BPR at the start is log 2 for every click.
            using var training = new LmfTraining(data.Interactions, Small with { Loss = LmfLoss.Bpr, Blocks = blocks, LearningRate = 1e-12f, InitialSpread = 1e-6f });
            using var pool = new ComputePool(2);
            double loss = training.RunEpoch(0, pool, default);

            // A block of one item has no negative for it: only then clicks are left out.
            if (blocks <= 3)
            {
                Assert.Equal(Math.Log(2), loss, 1e-5);
            }
            else
            {
                Assert.InRange(loss, 0, Math.Log(2) + 1e-5);
            }
        }
    }

    [Fact]
    public void Progress_is_told_each_epoch_and_a_cancelled_training_stops()
    {
        using var source = new CancellationTokenSource();
        var reports = new List<TrainingProgress>();
        var progress = new Direct(p =>
        {
            reports.Add(p);
            if (p.Done == 3)
            {
                source.Cancel();
            }
        });
        Assert.Throws<OperationCanceledException>(
            () => LmfTrainer.Train(PlantedTastes.Make(), Small with { Epochs = 100 }, progress, source.Token));
        Assert.Equal([1L, 2, 3], reports.Select(r => r.Done));
        Assert.All(reports, r => Assert.True(r.Loss > 0 && r.Total == 100));
    }

    [Fact]
    public void Bad_options_and_empty_data_are_refused_with_a_reason()
    {
        var data = PlantedTastes.Make();
        var error = Assert.Throws<InvalidOptionException>(() => LmfTrainer.Train(data, Small with { Factors = 0 }));
        Assert.Equal("logistic MF: factors is 0, must be 1 to 4096", error.Message);
        Assert.Throws<InvalidOptionException>(() => LmfTrainer.Train(data, Small with { LearningRate = float.NaN }));
        var empty = new Dataset(IdTable.Sequential(1), IdTable.Sequential(1), new SparseMatrix(1, 1, [0, 0], [])) { Name = "nothing.tsv" };
        Assert.Equal(
            "logistic MF: nothing.tsv holds no interactions",
            Assert.Throws<RecsysException>(() => LmfTrainer.Train(empty, Small)).Message);
    }

    internal static void AssertSame(LmfModel a, LmfModel b)
    {
        Assert.Equal(a.Users.Count, b.Users.Count);
        Assert.Equal(a.Items.Count, b.Items.Count);
        for (int u = 0; u < a.Users.Count; u++)
        {
            Assert.True(a.UserFactors(u).SequenceEqual(b.UserFactors(u)), $"user {u}");
        }

        for (int i = 0; i < a.Items.Count; i++)
        {
            Assert.True(a.ItemFactors(i).SequenceEqual(b.ItemFactors(i)), $"item {i}");
            Assert.Equal(a.ItemBias(i), b.ItemBias(i));
        }
    }

    private static double ShareOfOwnShelf(LmfModel model, Func<int, UserProfile> profile)
    {
        var results = new ScoredItem[10];
        int own = 0;
        for (int u = 0; u < model.Users.Count; u++)
        {
            Assert.Equal(10, model.Recommend(profile(u), ItemFilter.Default, results));
            own += results.Count(r => r.Item % 3 == u % 3);
        }

        return own / (10.0 * model.Users.Count);
    }

    private sealed class Direct(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
