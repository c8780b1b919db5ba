using System.Text;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Tuning;
using static Recsys.Engine.Tests.Tuning.TuningTestData;

namespace Recsys.Engine.Tests.Tuning;

public sealed class TuningJournalTests : IDisposable
{
    private static readonly Metric Ndcg = Metric.Parse("ndcg@100");

    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-tune-").FullName;

    private string JournalPath => Path.Combine(_folder, "trials.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(13)]
    public void A_search_that_was_cut_off_goes_on_and_ends_like_one_that_was_not(int cutAfter)
    {
        var searches = new[] { AlsSearch(), Search("ease") };
        var whole = Tuner.Run(Weak, searches, Options);
        using var source = new CancellationTokenSource();
        int done = 0;
        using (var journal = Open())
        {
            Tuner.Run(Weak, searches, Options, journal, new Listener(p => Count(p, cutAfter, ref done, source)), source.Token);
        }

        using (var journal = Open())
        {
            Assert.Equal(cutAfter, journal.Known);
            var resumed = Tuner.Run(Weak, searches, Options, journal);
            Assert.Equal(Told(whole), Told(resumed));
            Assert.Equal(cutAfter, resumed.Trials.Count(t => t.FromJournal));
            Assert.Equal(whole.Best!.CommandLine, resumed.Best!.CommandLine);
        }

        using var full = Open();
        var replayed = Tuner.Run(Weak, searches, Options, full);
        Assert.All(replayed.Trials, t => Assert.True(t.FromJournal));
        Assert.Equal(Told(whole), Told(replayed));
    }

    [Fact]
    public void A_half_written_last_line_is_dropped_wherever_it_was_cut()
    {
        using (var journal = Open())
        {
            Tuner.Run(Weak, [Search("ease")], Options with { Trials = 2 }, journal);
        }

        byte[] bytes = File.ReadAllBytes(JournalPath);
        int lastLine = Array.LastIndexOf(bytes, (byte)'\n', bytes.Length - 2) + 1;
        foreach (int length in new[] { lastLine, lastLine + 1, (lastLine + bytes.Length) / 2, bytes.Length - 1 })
        {
            File.WriteAllBytes(JournalPath, bytes[..length]);
            using var journal = Open();
            Assert.Equal(1, journal.Known);
            var result = Tuner.Run(Weak, [Search("ease")], Options with { Trials = 2 }, journal);
            Assert.Equal([true, false], result.Trials.Select(t => t.FromJournal));
        }

        using var again = Open();
        Assert.Equal(2, again.Known);
    }

    [Fact]
    public void A_journal_cut_within_its_first_line_begins_anew()
    {
        Open().Dispose();
        byte[] bytes = File.ReadAllBytes(JournalPath);
        File.WriteAllBytes(JournalPath, bytes[..20]);
        Open().Dispose();
        Assert.Equal(bytes, File.ReadAllBytes(JournalPath));
    }

    [Fact]
    public void A_journal_of_other_data_or_another_metric_is_refused()
    {
        Open().Dispose();
        string data = Assert.Throws<RecsysException>(() => TuningJournal.Open(JournalPath, Strong, Ndcg)).Message;
        Assert.Contains("of another search, with other data", data, StringComparison.Ordinal);
        string metric = Assert.Throws<RecsysException>(() => TuningJournal.Open(JournalPath, Weak, Metric.Parse("recall@20"))).Message;
        Assert.Contains("of another search, with other metric ndcg@100", metric, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_line_in_the_middle_is_named()
    {
        Open().Dispose();
        File.AppendAllText(JournalPath, "{\"model\":\n{\"model\":\"ease\"}\n");
        Assert.Contains("line 2: the journal is damaged", Assert.Throws<RecsysException>(Open).Message, StringComparison.Ordinal);
        File.WriteAllLines(JournalPath, [File.ReadLines(JournalPath).First(), "{\"model\":\"ease\"}"]);
        Assert.Contains("line 2: the journal is damaged", Assert.Throws<RecsysException>(Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_file_is_not_taken_for_a_journal()
    {
        File.WriteAllText(JournalPath, "{\"a\":1}\n");
        Assert.Contains("not a journal", Assert.Throws<RecsysException>(Open).Message, StringComparison.Ordinal);
        Assert.Equal("{\"a\":1}\n", File.ReadAllText(JournalPath));
    }

    [Fact]
    public void Two_searches_do_not_write_one_journal()
    {
        using var first = Open();
        Assert.Contains("cannot be opened", Assert.Throws<RecsysException>(Open).Message, StringComparison.Ordinal);
    }

    private TuningJournal Open() => TuningJournal.Open(JournalPath, Weak, Ndcg);

    private static void Count(TuningProgress progress, int cutAfter, ref int done, CancellationTokenSource source)
    {
        if (progress.Done && ++done == cutAfter)
        {
            source.Cancel();
        }
    }

    private sealed class Listener(Action<TuningProgress> report) : IProgress<TuningProgress>
    {
        public void Report(TuningProgress value) => report(value);
    }
}
