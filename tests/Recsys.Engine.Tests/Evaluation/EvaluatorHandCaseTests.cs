using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Tests.Evaluation;

/// <summary>Cases small enough to be worked out on paper; every expected value is written as its arithmetic.</summary>
public sealed class EvaluatorHandCaseTests
{
    private static readonly double Log3 = Math.Log2(3);
    private static readonly double Log5 = Math.Log2(5);

    /// <summary>Scores that rank the items in the given order.</summary>
    private static float[] Ranking(params int[] order)
    {
        var scores = new float[order.Length];
        for (int r = 0; r < order.Length; r++)
        {
            scores[order[r]] = order.Length - r;
        }

        return scores;
    }

    private static EvaluationOptions Measure(string metrics) => new() { Metrics = Metric.ParseList(metrics), Resamples = 0, Threads = 1 };

    private static EvaluationResult OneUser(string metrics, int[] history, int[] heldOut, params int[] order)
    {
        using var model = new FakeModel(Matrices.Of(order.Length, history), _ => Ranking(order));
        return Evaluator.Evaluate(model, EvaluationTask.Weak([0], Matrices.Of(order.Length, heldOut)), Measure(metrics));
    }

    [Fact]
    public void Hits_at_the_second_and_fourth_place_of_three_held_out()
    {
        // ranking 2 0 4 1 3 5, held out 0, 1, 5: hits at ranks 2, 4 and 6
        var result = OneUser(
            "recall@4,recall_full@4,recall@2,recall_full@2,ndcg@4,ndcg@2,precision@4,hit_rate@4,hit_rate@1,mrr@4,mrr@1,map@4,map@2,recall@6,map@6",
            [], [0, 1, 5], 2, 0, 4, 1, 3, 5);
        var expected = new Dictionary<string, double>
        {
            ["recall@4"] = 2.0 / 3,
            ["recall_full@4"] = 2.0 / 3,
            ["recall@2"] = 1.0 / 2,
            ["recall_full@2"] = 1.0 / 3,
            ["ndcg@4"] = ((1 / Log3) + (1 / Log5)) / (1 + (1 / Log3) + 0.5),
            ["ndcg@2"] = 1 / Log3 / (1 + (1 / Log3)),
            ["precision@4"] = 2.0 / 4,
            ["hit_rate@4"] = 1,
            ["hit_rate@1"] = 0,
            ["mrr@4"] = 1.0 / 2,
            ["mrr@1"] = 0,
            ["map@4"] = ((1.0 / 2) + (2.0 / 4)) / 3,
            ["map@2"] = 1.0 / 2 / 2,
            ["recall@6"] = 1,
            ["map@6"] = ((1.0 / 2) + (2.0 / 4) + (3.0 / 6)) / 3,
        };
        Assert.All(expected, pair => Assert.Equal(pair.Value, result[pair.Key], 14));
        Assert.Equal(expected.Keys, result.Metrics.Select(m => m.Metric.ToString()));
    }

    [Fact]
    public void A_perfect_ranking_is_worth_one_exactly()
    {
        var result = OneUser("recall@2,ndcg@2,ndcg@3,ndcg@5,map@3,mrr@3,precision@3", [], [1, 3, 4], 3, 1, 4, 0, 2);
        Assert.All(result.Metrics, m => Assert.Equal(1.0, m.Value));
    }

    [Fact]
    public void History_is_skipped_and_does_not_take_a_place()
    {
        // 4 and 2 are known: the ranking is 0 1 3
        var result = OneUser("mrr@5,recall@1,recall@2", [2, 4], [1], 4, 2, 0, 1, 3);
        Assert.Equal(1.0 / 2, result["mrr@5"]);
        Assert.Equal(0, result["recall@1"]);
        Assert.Equal(1, result["recall@2"]);
    }

    [Fact]
    public void Equal_scores_rank_in_item_order()
    {
        using var model = new FakeModel(Matrices.Of(4, [[]]), _ => [1, 1, 1, 1]);
        var result = Evaluator.Evaluate(model, EvaluationTask.Weak([0], Matrices.Of(4, [2])), Measure("mrr@4,recall@2,recall@3"));
        Assert.Equal(1.0 / 3, result["mrr@4"]);
        Assert.Equal(0, result["recall@2"]);
        Assert.Equal(1, result["recall@3"]);
    }

    [Fact]
    public void A_cutoff_beyond_the_catalogue_changes_only_precision()
    {
        // three items left to rank, two held out: hits at ranks 1 and 3
        var result = OneUser("recall@50,recall_full@50,ndcg@50,precision@50,map@50,coverage@50", [3], [0, 1], 0, 2, 1, 3);
        Assert.Equal(1, result["recall@50"]);
        Assert.Equal(1, result["recall_full@50"]);
        Assert.Equal((1 + 0.5) / (1 + (1 / Log3)), result["ndcg@50"], 14);
        Assert.Equal(2.0 / 50, result["precision@50"]);
        Assert.Equal((1 + (2.0 / 3)) / 2, result["map@50"], 14);
        Assert.Equal(3.0 / 4, result["coverage@50"]);
    }

    [Fact]
    public void Users_without_held_out_items_are_not_averaged_over()
    {
        int[][] heldOut = [[1], [], [2]];
        using var model = new FakeModel(Matrices.Of(3, [], [], []), _ => Ranking(1, 0, 2));
        var result = Evaluator.Evaluate(model, EvaluationTask.Weak([0, 1, 2], Matrices.Of(3, heldOut)), Measure("recall@1,coverage@1"));
        Assert.Equal(1.0 / 2, result["recall@1"]);
        Assert.Equal(2, result.Users);
        Assert.Equal(1, result.UsersWithoutHeldOut);
        Assert.Equal([0, 2], result.UserRows.ToArray());
        Assert.Equal([1.0, 0.0], result.PerUser(Metric.Parse("recall@1")).ToArray());
    }

    [Fact]
    public void Without_any_held_out_item_there_is_nothing_to_measure()
    {
        var error = Assert.Throws<RecsysException>(() => OneUser("recall@1", [0], [0], 0, 1));
        Assert.Contains("1 in the user's history", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Held_out_items_that_the_user_has_already_are_dropped_and_counted()
    {
        var result = OneUser("recall_full@1", [0], [0, 2], 0, 2, 1);
        Assert.Equal(1, result["recall_full@1"]);
        Assert.Equal(1, result.HeldOut);
        Assert.Equal(1, result.HeldOutSeen);
    }

    [Fact]
    public void Held_out_items_with_a_weight_not_above_zero_are_not_wanted()
    {
        var heldOut = new SparseMatrix(1, 3, [0, 3], [0, 1, 2], [-1, 2, 0]);
        using var model = new FakeModel(Matrices.Of(3, [[]]), _ => Ranking(0, 1, 2));
        var result = Evaluator.Evaluate(model, EvaluationTask.Weak([0], heldOut), Measure("recall_full@1,recall_full@2"));
        Assert.Equal(0, result["recall_full@1"]);
        Assert.Equal(1, result["recall_full@2"]);
    }

    [Fact]
    public void Unknown_held_out_items_are_left_out_or_missed_as_the_options_say()
    {
        // user 0: one known item, at rank 1, and three unknown; user 1: one unknown only
        int[][] heldOut = [[0], []];
        using var model = new FakeModel(Matrices.Of(3, [], []), _ => Ranking(0, 1, 2));
        var task = EvaluationTask.Weak([0, 1], Matrices.Of(3, heldOut), [3, 1]);

        var ignored = Evaluator.Evaluate(model, task, Measure("recall_full@2,recall@2,ndcg@5"));
        Assert.Equal(1, ignored["recall_full@2"]);
        Assert.Equal(1, ignored.Users);
        Assert.Equal(4, ignored.HeldOutUnknown);
        Assert.Equal(1, ignored.HeldOut);

        var missed = Evaluator.Evaluate(model, task, Measure("recall_full@2,recall@2,ndcg@5") with { UnknownAsMisses = true });
        Assert.Equal(((1.0 / 4) + 0) / 2, missed["recall_full@2"]);
        Assert.Equal(((1.0 / 2) + 0) / 2, missed["recall@2"]);
        Assert.Equal((1 / (1 + (1 / Log3) + 0.5 + (1 / Log5))) / 2, missed["ndcg@5"], 14);
        Assert.Equal(2, missed.Users);
        Assert.Equal(5, missed.HeldOut);
        Assert.Equal(4, missed.Bands[(int)PopularityBand.Tail].HeldOut - 1);
    }

    [Fact]
    public void Coverage_novelty_and_gini_of_two_lists()
    {
        // training: item 0 four times, 1 twice, 2 once, 3 once: 8 interactions; the examined users 4 and 5 have none
        int[][] training = [[0, 1], [0, 1], [0, 2], [0, 3], [], []];
        using var model = new FakeModel(Matrices.Of(4, training), u => u == 4 ? Ranking(0, 1, 2, 3) : Ranking(0, 3, 1, 2));
        var result = Evaluator.Evaluate(
            model, EvaluationTask.Weak([4, 5], Matrices.Of(4, [2], [2])), Measure("coverage@1,coverage@2,novelty@1,novelty@2,gini@1,gini@2,gini@4"));
        Assert.Equal(1.0 / 4, result["coverage@1"]);
        Assert.Equal(3.0 / 4, result["coverage@2"]);
        Assert.Equal(1, result["novelty@1"]); // −log2(4/8)
        Assert.Equal((((1.0 + 2) / 2) + ((1.0 + 3) / 2)) / 2, result["novelty@2"]);
        Assert.Equal(3.0 * 2 / (4 * 2), result["gini@1"]); // counts 0 0 0 2: (4·2 − 4 − 1)·2 / (4·2)
        Assert.Equal(((-1.0 * 1) + (1 * 1) + (3 * 2)) / (4 * 4), result["gini@2"]); // counts 0 1 1 2
        Assert.Equal(0, result["gini@4"]);
    }

    [Fact]
    public void Novelty_of_an_item_without_interactions_is_that_of_one_with_one()
    {
        int[][] training = [[0], [0], [0], [1], []];
        using var model = new FakeModel(Matrices.Of(3, training), _ => Ranking(2, 1, 0));
        var result = Evaluator.Evaluate(model, EvaluationTask.Weak([4], Matrices.Of(3, [0])), Measure("novelty@1,novelty@2"));
        Assert.Equal(2, result["novelty@1"]);
        Assert.Equal(2, result["novelty@2"]);
    }

    [Fact]
    public void A_model_that_breaks_the_rules_is_named()
    {
        var histories = Matrices.Of(3, [0]);
        var task = EvaluationTask.Weak([0], Matrices.Of(3, [1]));
        using var seen = new FakeModel(histories, _ => Ranking(0, 1, 2)) { IgnoresFilter = true };
        Assert.Contains("history", Assert.Throws<RecsysException>(() => Evaluator.Evaluate(seen, task, Measure("recall@2"))).Message, StringComparison.Ordinal);
        using var twice = new FakeModel(histories, _ => Ranking(1, 2, 0)) { RepeatsItself = true };
        Assert.Contains("twice", Assert.Throws<RecsysException>(() => Evaluator.Evaluate(twice, task, Measure("recall@3"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_of_another_model_is_refused()
    {
        using var model = new FakeModel(Matrices.Of(3, [0]), _ => Ranking(0, 1, 2));
        Assert.Throws<RecsysException>(() => Evaluator.Evaluate(model, EvaluationTask.Weak([0], Matrices.Of(4, [1])), Measure("recall@2")));
        Assert.Throws<RecsysException>(() => Evaluator.Evaluate(model, EvaluationTask.Weak([1], Matrices.Of(3, [1])), Measure("recall@2")));
        Assert.Throws<RecsysException>(() => EvaluationTask.Weak([0, 0], Matrices.Of(3, [1])));
        Assert.Throws<RecsysException>(() => EvaluationTask.Strong(Matrices.Of(3, [1], [2]), Matrices.Of(3, [1])));
        Assert.Throws<RecsysException>(() => EvaluationTask.Weak([0], Matrices.Of(3, [1]), [1, 2]));
    }

    [Fact]
    public void Bands_are_thirds_of_the_interactions_and_restrict_the_held_out_items()
    {
        // interactions: item 0: 4, 1: 3, 2: 2, 3: 2, 4: 1 = 12; before each: 0, 4, 7, 9, 11 → head 0, mid 1 2, tail 3 4
        int[][] training = [[0, 1, 2, 3, 4], [0, 1, 2, 3], [0, 1], [0], [], []];
        var histories = Matrices.Of(5, training);
        var bands = PopularityBands.Of(histories);
        Assert.Equal(
            [PopularityBand.Head, PopularityBand.Mid, PopularityBand.Mid, PopularityBand.Tail, PopularityBand.Tail],
            Enumerable.Range(0, 5).Select(bands.BandOf));
        Assert.Equal([4L, 5, 3], Enum.GetValues<PopularityBand>().Select(bands.Interactions));
        Assert.Equal([1, 2, 2], Enum.GetValues<PopularityBand>().Select(bands.Items));

        // user 4 ranks 0 1 2 3 4 and is to find 0, 2, 4; user 5 ranks 4 0 1 2 3 and is to find 4
        using var model = new FakeModel(histories, u => u == 4 ? Ranking(0, 1, 2, 3, 4) : Ranking(4, 0, 1, 2, 3));
        var result = Evaluator.Evaluate(
            model, EvaluationTask.Weak([4, 5], Matrices.Of(5, [0, 2, 4], [4])), Measure("recall@3,mrr@3,ndcg@3"));
        var head = result.Bands[0];
        var mid = result.Bands[1];
        var tail = result.Bands[2];
        Assert.Equal([1, 1, 2], result.Bands.Select(b => b.Users));
        Assert.Equal([1L, 1, 2], result.Bands.Select(b => b.HeldOut));
        Assert.Equal(1, head[Metric.Parse("recall@3")]);
        Assert.Equal(1, mid[Metric.Parse("recall@3")]);
        Assert.Equal(1.0 / 3, mid[Metric.Parse("mrr@3")]);
        Assert.Equal(0.5, mid[Metric.Parse("ndcg@3")], 14);
        Assert.Equal((0 + 1) / 2.0, tail[Metric.Parse("recall@3")]);
        Assert.Equal([2.0 / 6, 3.0 / 6, 1.0 / 6], result.Bands.Select(b => b.Exposure));
    }

    [Fact]
    public void Strong_generalisation_folds_the_history_in_with_its_weights()
    {
        int[][] training = [[0, 1], [1, 2]];
        using var model = new FakeModel(
            Matrices.Of(4, training),
            _ => throw new InvalidOperationException("not a trained user"),
            (items, weights) =>
            {
                Assert.Equal([0, 3], items);
                Assert.Equal([2f, 5f], weights);
                return Ranking(0, 2, 1, 3);
            });
        var histories = new SparseMatrix(1, 4, [0, 2], [0, 3], [2, 5]);
        var result = Evaluator.Evaluate(model, EvaluationTask.Strong(histories, Matrices.Of(4, [1])), Measure("mrr@4"));
        Assert.Equal(1.0 / 2, result["mrr@4"]);
    }

    [Fact]
    public void Tasks_from_ids_map_known_users_and_items_and_count_the_others()
    {
        var items = IdTable.FromStrings(["a", "b", "c"]);
        using var model = new FakeModel(Matrices.Of(3, [0], [1]), _ => Ranking(0, 1, 2), (history, _) =>
        {
            Assert.Equal([0, 2], history);
            return Ranking(1, 0, 2);
        })
        { Items = items };

        // held out: user 1 → c, x, a; user 9 → b
        var heldOut = new Dataset(IdTable.FromStrings(["1", "9"]), IdTable.FromStrings(["c", "x", "a", "b"]), Matrices.Of(4, [0, 1, 2], [3]));
        var weak = EvaluationTask.Weak(model, heldOut);
        Assert.Equal([1], weak.ModelUsers.ToArray());
        Assert.Equal([0, 2], weak.HeldOut.Row(0).ToArray());
        Assert.Equal(1, weak.UnknownUsers);
        var weakResult = Evaluator.Evaluate(model, weak, Measure("recall@1"));
        Assert.Equal((1, 1L, 2L), (weakResult.UnknownUsers, weakResult.HeldOutUnknown, weakResult.HeldOut));

        // fold-in: user 9 → y, c, a
        var foldIn = new Dataset(IdTable.FromStrings(["9"]), IdTable.FromStrings(["y", "c", "a"]), Matrices.Of(3, [0, 1, 2]));
        var only9 = new Dataset(IdTable.FromStrings(["9"]), IdTable.FromStrings(["b"]), Matrices.Of(1, [0]));
        var strong = Evaluator.Evaluate(model, EvaluationTask.Strong(model, foldIn, only9), Measure("recall@1"));
        Assert.Equal(1, strong["recall@1"]);
        Assert.Equal(1, strong.UnknownHistoryItems);
    }
}
