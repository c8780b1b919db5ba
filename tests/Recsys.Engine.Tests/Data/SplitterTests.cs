using System.Globalization;
using Recsys.Engine.Data;

namespace Recsys.Engine.Tests.Data;

public sealed class SplitterTests
{
    private static readonly InteractionLog Many = Random(users: 200, items: 50, count: 4000, seed: 1);

    public static TheoryData<SplitOptions> Strategies => new()
    {
        new SplitOptions { ValidationUsers = 20, TestUsers = 0.15 },
        new SplitOptions { ValidationUsers = 0, TestUsers = 30 },
        new SplitOptions { Strategy = SplitStrategy.Weak, ValidationFraction = 0.1 },
        new SplitOptions { Strategy = SplitStrategy.Weak },
        new SplitOptions { Strategy = SplitStrategy.LeaveLastOut, ValidationLast = 1, TestLast = 2 },
        new SplitOptions { Strategy = SplitStrategy.LeaveLastOut },
        new SplitOptions { Strategy = SplitStrategy.Temporal, ValidationFraction = 0.1 },
        new SplitOptions { Strategy = SplitStrategy.Temporal, TestFrom = 700_000 },
    };

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Every_pair_falls_into_exactly_one_part(SplitOptions options)
    {
        var split = Splitter.Split(Many, options);
        var all = Pairs(split.Train)
            .Concat(options.Strategy == SplitStrategy.Strong ? Pairs(split, split.Test.Users, split.Test.FoldIn) : [])
            .Concat(Pairs(split, split.Test.Users, split.Test.HeldOut))
            .Concat(options.Strategy == SplitStrategy.Strong && split.Validation is { } v ? Pairs(split, v.Users, v.FoldIn) : [])
            .Concat(split.Validation is { } w ? Pairs(split, w.Users, w.HeldOut) : [])
            .ToList();
        Assert.Equal(all.Count, all.Distinct().Count());
        var expected = Pairs(Many.ToDataset()).ToHashSet();
        Assert.Subset(expected, all.ToHashSet());
        Assert.Equal(0, split.ColdItems);
        Assert.Equal(expected.Count, all.Count);
        Assert.NotEqual(0, split.Test.HeldOut.Count);
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void The_order_of_the_data_does_not_matter_and_the_seed_does(SplitOptions options)
    {
        int[] order = [.. Enumerable.Range(0, Many.Count).OrderBy(e => e * 7919L % 4001)];
        var shuffled = new InteractionLog(
            Many.UserIds, Many.ItemIds, [.. order.Select(e => Many.Users[e])], [.. order.Select(e => Many.Items[e])], [.. order.Select(e => Many.Weights[e])], [.. order.Select(e => Many.Times[e])]);
        string a = Show(Splitter.Split(Many, options));
        Assert.Equal(a, Show(Splitter.Split(shuffled, options)));
        bool drawn = options.Strategy is SplitStrategy.Strong or SplitStrategy.Weak;
        Assert.Equal(drawn, a != Show(Splitter.Split(Many, options with { Seed = 43 })));
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void What_is_written_is_what_was_split(SplitOptions options)
    {
        using var folder = new TemporaryFolder();
        var split = Splitter.Split(Many, options);
        var paths = split.Write(folder.Path);
        bool strong = options.Strategy == SplitStrategy.Strong;
        string[] names = [.. paths.Select(p => Path.GetFileName(p)!)];
        string[] validation = split.Validation is null ? [] : strong ? ["validation_foldin.tsv", "validation_heldout.tsv"] : ["validation.tsv"];
        string[] expected = ["train.tsv", .. validation, .. strong ? ["test_foldin.tsv", "test_heldout.tsv"] : new[] { "test.tsv" }];
        Assert.Equal(expected, names);
        Assert.Equal(names.Order(StringComparer.Ordinal), folder.Names);

        var train = Dataset.Load(Path.Combine(folder.Path, "train.tsv"));
        Assert.Equal(split.Train.Fingerprint(), train.Fingerprint());
        var known = new ReadOptions { Items = train.Items, UnknownItems = UnknownIds.Drop };
        var test = Dataset.Load(Path.Combine(folder.Path, names[^1]), known, null, out var report);
        Assert.Equal(0, report.UnknownItems);
        Assert.Equal(
            TestText.Show(split.Test.Users, split.Train.Items, split.Test.HeldOut), TestText.Show(test.Users, test.Items, test.Interactions));
        if (strong)
        {
            var foldIn = Dataset.Load(Path.Combine(folder.Path, "test_foldin.tsv"), known);
            Assert.Equal(
                TestText.Show(split.Test.Users, split.Train.Items, split.Test.FoldIn), TestText.Show(foldIn.Users, foldIn.Items, foldIn.Interactions));
        }
    }

    [Fact]
    public void Strong_holds_out_whole_users_and_a_fifth_of_their_items()
    {
        var split = Splitter.Split(Many, new SplitOptions { ValidationUsers = 20, TestUsers = 0.15 });
        Assert.Equal((150, 20, 30), (split.Train.Users.Count, split.Validation!.Users.Count, split.Test.Users.Count));
        foreach (var part in new[] { split.Validation, split.Test })
        {
            for (int u = 0; u < part.Users.Count; u++)
            {
                Assert.False(split.Train.Users.TryGetIndex(part.Users.Utf8(u), out _));
                int foldIn = part.FoldIn.RowLength(u);
                int heldOut = part.HeldOut.RowLength(u);
                Assert.Equal((int)(0.2 * (foldIn + heldOut)), heldOut);
            }
        }
    }

    [Fact]
    public void Strong_leaves_out_items_that_the_training_users_do_not_have_before_it_takes_a_fifth()
    {
        // Whoever is held out: their own items p, q, r are cold, the five common ones stay.
        string common = string.Join('|', Enumerable.Range(0, 4).SelectMany(u => Enumerable.Range(0, 5).Select(i => $"u{u} i{i}")));
        string own = string.Join('|', Enumerable.Range(0, 4).SelectMany(u => "pqr".Select(c => $"u{u} {c}{u}")));
        var log = TestText.Log(common + "|" + own);
        var split = Splitter.Split(log, new SplitOptions { ValidationUsers = 0, TestUsers = 1 });
        Assert.Equal((3, 4, 1), (split.ColdItems, split.Test.FoldIn.Count, split.Test.HeldOut.Count));
        Assert.Equal((3 * 8, 5 + 9), (split.Train.Interactions.Count, split.Train.Items.Count));
        Assert.Null(split.Validation);
        var kept = Splitter.Split(log, new SplitOptions { ValidationUsers = 0, TestUsers = 1, KeepColdItems = true });
        Assert.Equal((0, 7, 1, 17), (kept.ColdItems, kept.Test.FoldIn.Count, kept.Test.HeldOut.Count, kept.Train.Items.Count));
    }

    [Fact]
    public void Which_users_are_held_out_for_the_test_does_not_depend_on_the_validation()
    {
        var with = Splitter.Split(Many, new SplitOptions { ValidationUsers = 40, TestUsers = 30 });
        var without = Splitter.Split(Many, new SplitOptions { ValidationUsers = 0, TestUsers = 30 });
        Assert.Equal(Ids(without.Test.Users), Ids(with.Test.Users));
    }

    [Fact]
    public void Weak_may_hold_out_of_some_users_only()
    {
        var options = new SplitOptions { Strategy = SplitStrategy.Weak, TestFraction = 0.5 };
        var all = Splitter.Split(Many, options);
        var some = Splitter.Split(Many, options with { WeakUsers = 30 });
        int[] chosen = [.. Enumerable.Range(0, 200).Where(u => some.Test.HeldOut.RowLength(u) > 0)];
        Assert.InRange(chosen.Length, 20, 30);
        Assert.All(chosen, u => Assert.Equal(HeldOut(all, some.Test.Users[u]), HeldOut(some, some.Test.Users[u])));
        Assert.Equal(Many.ToDataset().Interactions.Count, some.Train.Interactions.Count + some.Test.HeldOut.Count);

        static string[] HeldOut(DataSplit split, string user)
        {
            Assert.True(split.Test.Users.TryGetIndex(user, out int row));
            return [.. split.Test.HeldOut.Row(row).ToArray().Select(i => split.Train.Items[i]).Order()];
        }
    }

    [Fact]
    public void Weak_holds_out_a_fraction_of_every_user()
    {
        var split = Splitter.Split(Many, new SplitOptions { Strategy = SplitStrategy.Weak, TestFraction = 0.3, ValidationFraction = 0.1 });
        var histories = Many.ToDataset();
        Assert.Equal(200, split.Train.Users.Count);
        for (int u = 0; u < split.Train.Users.Count; u++)
        {
            Assert.True(histories.Users.TryGetIndex(split.Train.Users.Utf8(u), out int row));
            int n = histories.Interactions.RowLength(row);
            Assert.Equal((int)(0.3 * n), split.Test.HeldOut.RowLength(u));
            Assert.Equal((int)(0.1 * n), split.Validation!.HeldOut.RowLength(u));
            Assert.Equal(n - (int)(0.3 * n), split.Test.FoldIn.RowLength(u));
            Assert.Equal(n - (int)(0.3 * n) - (int)(0.1 * n), split.Validation.FoldIn.RowLength(u));
        }
    }

    [Theory]
    [InlineData("a x @3|a y @1|a z @2|b x @1|b y @2|b z @3", 1, 0, "a: y z|b: x y", "", "a: x|b: z")]
    [InlineData("a x|a y|a z|b x|b z|b y", 1, 0, "a: x y|b: x z", "", "a: z|b: y")]
    [InlineData("a x @3|a y @1|a z @2|b x @1|b y @2|b z @3", 1, 1, "a: y|b: x", "b: y", "a: x")]
    [InlineData("a x|a y|b x|b y|c x|c y|c z|c w|d z|e w", 5, 0, "a: x|b: x|c: x|d: z|e: w", "", "c: w z")]
    [InlineData("a x @3|a y @3|a z @1|b x|b y|c y", 1, 0, "a: x z|b: x|c: y", "", "a: y|b: y")]
    public void Leave_last_out_takes_the_latest_items_and_leaves_one_at_least(
        string log, int test, int validation, string trained, string validated, string tested)
    {
        log = log.Contains('@', StringComparison.Ordinal) ? string.Join('|', log.Split('|').Select(r => r.Contains('@', StringComparison.Ordinal) ? r : r + " @9")) : log;
        var split = Splitter.Split(TestText.Log(log), new SplitOptions { Strategy = SplitStrategy.LeaveLastOut, TestLast = test, ValidationLast = validation });
        Assert.Equal(trained, TestText.Show(split.Train.Users, split.Train.Items, split.Train.Interactions));
        Assert.Equal(tested, TestText.Show(split.Test.Users, split.Train.Items, split.Test.HeldOut));
        Assert.Equal(validated, split.Validation is null ? "" : TestText.Show(split.Train.Users, split.Train.Items, split.Validation.HeldOut));
    }

    [Fact]
    public void Leave_last_out_goes_by_the_first_time_of_a_pair()
    {
        var split = Splitter.Split(TestText.Log("a x @1|a y @2|a x @9|b y @1|b x @2"), new SplitOptions { Strategy = SplitStrategy.LeaveLastOut });
        Assert.Equal("a: y|b: x", TestText.Show(split.Test.Users, split.Train.Items, split.Test.HeldOut));
        Assert.Equal([2f], split.Train.Interactions.RowValues(0).ToArray());
    }

    [Fact]
    public void Temporal_cuts_at_one_moment_and_leaves_out_repeats_and_cold_items()
    {
        var log = TestText.Log("a x @1|b y @2|a y @3|c x @4|a x @5|b z @5|b x @5|d y @6|a x @7|b x @8");
        var split = Splitter.Split(log, new SplitOptions { Strategy = SplitStrategy.Temporal, TestFrom = 5 });
        Assert.Equal("a: x y|b: y|c: x", TestText.Show(split.Train.Users, split.Train.Items, split.Train.Interactions));
        Assert.Equal("b: x|d: y", TestText.Show(split.Test.Users, split.Train.Items, split.Test.HeldOut));
        Assert.Equal((2, 1), (split.Repeats, split.ColdItems));
        Assert.Equal(["a", "b", "c", "d"], Ids(split.Train.Users));
        Assert.Equal([2f], split.Test.HeldOut.RowValues(1).ToArray());
        var validated = Splitter.Split(log, new SplitOptions { Strategy = SplitStrategy.Temporal, ValidationFrom = 3, TestFrom = 5 });
        Assert.Equal("a: x|b: y", TestText.Show(validated.Train.Users, validated.Train.Items, validated.Train.Interactions));
        Assert.Equal("a: y|c: x", TestText.Show(validated.Test.Users, validated.Train.Items, validated.Validation!.HeldOut));
        Assert.Equal("a: x y|b: y|c: x", TestText.Show(validated.Test.Users, validated.Train.Items, validated.Test.FoldIn));
    }

    [Theory]
    [InlineData(0.2, 8)]
    [InlineData(0.25, 8)]
    [InlineData(0.3, 7)]
    [InlineData(0.0, 10)]
    public void A_fraction_of_time_never_divides_a_moment(double fraction, int trained)
    {
        var log = TestText.Log("a a @1|a b @1|a c @1|a d @1|a e @1|a f @1|a g @1|a h @2|a i @3|a j @3");
        var split = Splitter.Split(log, new SplitOptions { Strategy = SplitStrategy.Temporal, TestFraction = fraction, KeepColdItems = true });
        Assert.Equal((trained, 10 - trained), (split.Train.Interactions.Count, split.Test.HeldOut.Count));
    }

    [Fact]
    public void Users_with_few_items_can_be_left_out()
    {
        var log = TestText.Log("a x|a y|a z|b x|b x|c x|c y|c z|d x|d y|d z");
        var split = Splitter.Split(log, new SplitOptions { ValidationUsers = 0, TestUsers = 1, MinItemsPerUser = 2 });
        Assert.Equal((1, 2, 1), (split.SmallUsers, split.Train.Users.Count, split.Test.Users.Count));
        Assert.False(split.Train.Users.TryGetIndex("b", out _));
    }

    [Fact]
    public void Options_that_leave_nothing_are_refused()
    {
        AssertRefused("split: 100 validation and 100 test users leave none of 200 to learn from", new SplitOptions { ValidationUsers = 100, TestUsers = 0.5 });
        AssertRefused("split: test users: 1.5 is neither a fraction below 1 nor a whole number", new SplitOptions { TestUsers = 1.5 });
        AssertRefused("split: held-out fraction: 1 is not in [0, 1)", new SplitOptions { HeldOutFraction = 1 });
        AssertRefused("split: test fraction: NaN is not in [0, 1)", new SplitOptions { TestFraction = double.NaN });
        AssertRefused(
            "split: validation and test fraction leave nothing to learn from",
            new SplitOptions { Strategy = SplitStrategy.Weak, TestFraction = 0.5, ValidationFraction = 0.5 });
        AssertRefused("split: nothing is left to learn from 4000 interactions", new SplitOptions { Strategy = SplitStrategy.Temporal, TestFrom = -1 });
        AssertRefused("split: the validation part must start before the test part", new SplitOptions { ValidationFrom = 5, TestFrom = 5 });
        var timeless = Assert.Throws<InvalidOptionException>(
            () => Splitter.Split(TestText.Log("a x|b y"), new SplitOptions { Strategy = SplitStrategy.Temporal }));
        Assert.Equal("split: a temporal split needs interactions with times", timeless.Message);
    }

    [RealDataFact]
    public void A_strong_split_of_real_data_has_the_published_shape()
    {
        // The published split of the same ratings: 500 test users, a fifth of each one's known items held out.
        var parts = new[] { "train", "val_foldin", "val_heldout", "test_foldin", "test_heldout" };
        var items = new IdTable();
        var users = new IdTable();
        var pairs = new List<(int User, int Item)>();
        foreach (string part in parts)
        {
            var (log, _) = InteractionReader.Read(RealData.Path($"ml-1m/{part}.tsv"), new ReadOptions { Users = users, Items = items });
            (users, items) = (log.UserIds, log.ItemIds);
            pairs.AddRange(Enumerable.Range(0, log.Count).Select(e => (log.Users[e], log.Items[e])));
        }

        var whole = new InteractionLog(users, items, [.. pairs.Select(p => p.User)], [.. pairs.Select(p => p.Item)]);
        var split = Splitter.Split(whole, new SplitOptions { ValidationUsers = 500, TestUsers = 500 });
        Assert.Equal((5034, 500, 500), (split.Train.Users.Count, split.Validation!.Users.Count, split.Test.Users.Count));
        double share = split.Test.HeldOut.Count / (double)(split.Test.HeldOut.Count + split.Test.FoldIn.Count);
        Assert.InRange(share, 0.185, 0.2);
        Assert.InRange(split.Train.Interactions.Count, 465_000, 495_000);
    }

    private static void AssertRefused(string message, SplitOptions options) =>
        Assert.Equal(message, Assert.Throws<InvalidOptionException>(() => Splitter.Split(Many, options)).Message);

    private static IEnumerable<string> Ids(IdTable table) => Enumerable.Range(0, table.Count).Select(i => table[i]);

    private static IEnumerable<(string User, string Item)> Pairs(Dataset data) => Pairs(data.Users, data.Items, data.Interactions);

    private static IEnumerable<(string User, string Item)> Pairs(DataSplit split, IdTable users, SparseMatrix matrix) =>
        Pairs(users, split.Train.Items, matrix);

    private static IEnumerable<(string User, string Item)> Pairs(IdTable users, IdTable items, SparseMatrix matrix) =>
        Enumerable.Range(0, matrix.Rows).SelectMany(u => matrix.Row(u).ToArray().Select(i => (users[u], items[i])));

    private static string Show(DataSplit split) => string.Join("\n", new[]
    {
        TestText.Show(split.Train.Users, split.Train.Items, split.Train.Interactions),
        split.Validation is { } v ? TestText.Show(v.Users, split.Train.Items, v.HeldOut) : "",
        TestText.Show(split.Test.Users, split.Train.Items, split.Test.FoldIn),
        TestText.Show(split.Test.Users, split.Train.Items, split.Test.HeldOut),
    });

    /// <summary>Distinct pairs, weights and times.</summary>
    private static InteractionLog Random(int users, int items, int count, int seed)
    {
        var random = new Random(seed);
        var pairs = Enumerable.Range(0, users * items).ToArray();
        random.Shuffle(pairs);
        int[] chosen = pairs[..count];
        return new InteractionLog(
            IdTable.FromStrings(Enumerable.Range(0, users).Select(u => "u" + u.ToString(CultureInfo.InvariantCulture))),
            IdTable.FromStrings(Enumerable.Range(0, items).Select(i => "i" + i.ToString(CultureInfo.InvariantCulture))),
            Array.ConvertAll(chosen, p => p / items),
            Array.ConvertAll(chosen, p => p % items),
            Array.ConvertAll(chosen, _ => 1f + random.Next(4)),
            [.. Enumerable.Range(0, count).Select(_ => (long)random.Next(1_000_000))]);
    }
}
