using System.Globalization;
using Recsys.Engine.Compute;
using Recsys.Engine.Models;

namespace Recsys.Engine.Tuning;

/// <summary>A search under way: the trials so far and the time left.</summary>
internal sealed class TuningRun(
    TuningData data, TuningOptions options, TuningJournal? journal, IProgress<TuningProgress>? progress, CancellationToken cancellationToken)
{
    /// <summary>Of the configurations of a rung one in so many goes on to the next.</summary>
    private const int Reduction = 3;

    /// <summary>Configurations that are tried on all items after a search on the popular ones.</summary>
    private const int OnAllItems = 3;

    /// <summary>Waves before a search may end for want of progress.</summary>
    private const int FewestWaves = 4;

    /// <summary>A search ends when two waves made it better by less than this share.</summary>
    private const double Settled = 0.001;

    /// <summary>Most of the time that is kept for the last training.</summary>
    private const double LargestReserve = 0.9;

    private readonly long _begin = options.Clock.GetTimestamp();
    private readonly List<Trial> _trials = [];
    private readonly Dictionary<string, double> _lastTraining = [];
    private readonly Dictionary<string, IAlgorithm> _algorithms = [];
    private int _number;

    /// <summary>Searches one algorithm with its share of the time left. Whether it came to its end.</summary>
    public bool SearchModel(ModelSearch search, SearchSpace space, int modelsLeft)
    {
        var traits = search.Algorithm.Tuning;
        _algorithms[search.Algorithm.Name] = search.Algorithm;
        int? firstItems = traits.FirstItems < data.Train.Items.Count ? traits.FirstItems : null;
        long now = options.Clock.GetTimestamp();
        long share = options.Budget is null ? long.MaxValue : now + (Math.Max(0, End() - now) / modelsLeft);
        using var runner = new TrialRunner(search, data, options, journal, progress);
        var plan = new SearchPlan(space, options.Trials, options.Seed);
        var bests = new List<double>();
        bool whole = true;
        while (whole && plan.Next() is { Count: > 0 } wave)
        {
            var configurations = wave.Select(p => (Point: p, Trial: New(search, space.At(p), firstItems))).ToList();
            whole = Halve(runner, configurations, plan, share);
            bests.Add(TuningResult.BestOf(Of(search))?.Value ?? double.NaN);
            if (bests.Count >= FewestWaves && space.Count > 1 && bests[^1] <= bests[^3] * (1 + Settled))
            {
                break;
            }
        }

        if (firstItems is not null && data.Train.Items.Count <= traits.MostItems)
        {
            // On all items the best of those on the popular ones.
            foreach (var trial in TuningResult.Ranked(Of(search)).Where(t => t.Error is null).Take(OnAllItems).ToList())
            {
                whole = whole && Add(runner.Run(Bare(trial) with { Items = null, Rung = trial.Rung + 1 }, Deadline(runner, share), cancellationToken));
            }
        }

        NoteLastTraining(runner);
        return whole;
    }

    /// <summary>
    /// Where the best of some model could be measured on popular items only, the best of the others are measured on these
    /// too: one figure for all.
    /// </summary>
    public void CompareOnItems(IReadOnlyList<ModelSearch> searches)
    {
        var bests = Bests();
        if (bests.Count < 2 || bests.Min(b => b.Items) is not { } items)
        {
            return;
        }

        foreach (var best in bests.Where(b => b.Items != items))
        {
            using var runner = new TrialRunner(searches.First(s => s.Algorithm.Name == best.Model), data, options, journal, progress);
            Add(runner.Run(Bare(best) with { Items = items, Rung = best.Rung }, End(), cancellationToken));
        }
    }

    public TuningResult Result(TuningEnd end)
    {
        var bests = Bests();
        var leftOut = bests.Select(b => (Best: b, Why: WhyNot(b))).Where(p => p.Why is not null).ToList();
        if (leftOut.Count < bests.Count)
        {
            bests = [.. bests.Except(leftOut.Select(p => p.Best))];
        }
        else
        {
            leftOut = [];
        }

        var best = Winner(bests);
        return new TuningResult(options.Metric, _trials, best, end, options.Clock.GetElapsedTime(_begin).TotalSeconds)
        {
            LastTrainingSeconds = best is null ? 0 : _lastTraining.GetValueOrDefault(best.Model),
            LeftOut = [.. leftOut.Select(p => $"{p.Best.Model}: {p.Why}")],
        };
    }

    /// <summary>Why the best of a model cannot be trained on everything; null where it can.</summary>
    private string? WhyNot(Trial best)
    {
        if (options.LastTraining is not { } last)
        {
            return null;
        }

        long bytes = _algorithms[best.Model].EstimateBytes(last, new OptionBag(best.Options)), available = MemoryBudget.AvailableBytes();
        if (bytes > available)
        {
            return $"its last training needs {MemoryBudget.Format(bytes)} of memory and {MemoryBudget.Format(available)} are available";
        }

        double seconds = _lastTraining.GetValueOrDefault(best.Model), left = (End() - options.Clock.GetTimestamp()) / (double)options.Clock.TimestampFrequency;
        return options.Budget is not null && seconds > left
            ? string.Create(CultureInfo.InvariantCulture, $"its last training takes about {seconds:F0} s and {Math.Max(0, left):F0} s are left")
            : null;
    }

    private static Trial Bare(Trial trial) => new(trial.Model, trial.Options) { Number = trial.Number };

    /// <summary>The best of the models' bests, all measured on the same items if they can be.</summary>
    private Trial? Winner(List<Trial> bests)
    {
        if (bests.Count > 1 && bests.Min(b => b.Items) is { } items)
        {
            var same = bests.Select(b => (Best: b, Same: _trials.Find(t => t.Key == (b with { Items = items }).Key)))
                .Where(p => p.Same is not null).ToList();
            return same.Count == 0 ? TuningResult.BestOf(bests) : same.MaxBy(p => p.Same!.Value).Best;
        }

        return TuningResult.BestOf(bests);
    }

    private List<Trial> Bests() =>
        [.. _trials.Select(t => t.Model).Distinct().Select(m => TuningResult.BestOf(_trials.Where(t => t.Model == m))).OfType<Trial>()];

    private IEnumerable<Trial> Of(ModelSearch search) => _trials.Where(t => t.Model == search.Algorithm.Name);

    private Trial New(ModelSearch search, OptionBag bag, int? items) => new(search.Algorithm.Name, Ordered(search, bag)) { Number = ++_number, Items = items };

    /// <summary>Options in the order of the algorithm's help.</summary>
    private static Dictionary<string, string> Ordered(ModelSearch search, OptionBag bag)
    {
        var ordered = new Dictionary<string, string>();
        foreach (var option in search.Algorithm.Options)
        {
            if (bag.Text(option.Name) is { } value)
            {
                ordered[option.Name] = value;
            }
        }

        return ordered;
    }

    /// <summary>One wave through the rungs; false when the time was up.</summary>
    private bool Halve(TrialRunner runner, List<(double[] Point, Trial Trial)> wave, SearchPlan plan, long share)
    {
        var iterations = runner.Search.Iterations;
        string? name = runner.Search.Algorithm.Tuning.Iterations;
        var best = new double[wave.Count];
        Array.Fill(best, double.NaN);
        int[] left = [.. Enumerable.Range(0, wave.Count)];
        for (int rung = 0; rung < Math.Max(1, iterations.Count); rung++)
        {
            var values = new double[wave.Count];
            foreach (int c in left)
            {
                var trial = wave[c].Trial with { Rung = rung };
                if (name is not null && iterations.Count > 0)
                {
                    string count = iterations[rung].ToString(CultureInfo.InvariantCulture);
                    trial = trial with { Options = Ordered(runner.Search, new OptionBag(trial.Options).With(name, count)) };
                }

                var done = runner.Run(trial, Deadline(runner, share), cancellationToken);
                if (!Add(done))
                {
                    return false;
                }

                values[c] = done!.Value;
                best[c] = double.IsNaN(best[c]) || done.Value > best[c] ? done.Value : best[c];
            }

            left = [.. left.Where(c => !double.IsNaN(values[c])).OrderByDescending(c => values[c]).ThenBy(c => c).Take((left.Length + Reduction - 1) / Reduction)];
        }

        for (int c = 0; c < wave.Count; c++)
        {
            plan.Tell(wave[c].Point, best[c]);
        }

        return true;
    }

    private bool Add(Trial? trial)
    {
        if (trial is not null)
        {
            _trials.Add(trial);
        }

        return trial is not null;
    }

    private long End() => options.Budget is { } budget ? _begin + (long)(budget.TotalSeconds * options.Clock.TimestampFrequency) : long.MaxValue;

    /// <summary>When a trial must have ended, so that the model's share is kept and the last training has time.</summary>
    private long Deadline(TrialRunner runner, long share)
    {
        if (options.Budget is not { } budget)
        {
            return long.MaxValue;
        }

        NoteLastTraining(runner);
        double reserve = Math.Min(_lastTraining.Values.DefaultIfEmpty(0).Max() * 1.15, LargestReserve * budget.TotalSeconds);
        return Math.Min(share, End() - (long)(reserve * options.Clock.TimestampFrequency));
    }

    private void NoteLastTraining(TrialRunner runner)
    {
        if (options.LastTraining is { } last && TuningResult.BestOf(Of(runner.Search)) is { } best)
        {
            _lastTraining[best.Model] = runner.EstimateTraining(last, new OptionBag(best.Options));
        }
    }
}
