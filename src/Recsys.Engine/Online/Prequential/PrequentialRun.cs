using System.Diagnostics;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Online.Prequential;

/// <summary>
/// Prequential evaluation ("test, then train"; Dawid 1984, Gama et al. 2013): events in the order of time; models are
/// trained on the first part; then for each event all items that the user does not have are ranked, the true one's rank
/// is noted, and only then the event is learned. Every strategy sees the same events and is asked the same questions.
/// </summary>
public sealed class PrequentialRun
{
    private readonly PrequentialOptions _options;
    private readonly InteractionLog _log;
    private readonly int[] _order;
    private readonly int _trained;
    private readonly Dataset _train;

    private PrequentialRun(InteractionLog log, PrequentialOptions options)
    {
        _log = log;
        _options = options;
        _order = new int[log.Count];
        long[] times = log.Times.ToArray();
        for (int e = 0; e < _order.Length; e++)
        {
            _order[e] = e;
        }

        // Events of the same time stay in the order of the file.
        Array.Sort(_order, (a, b) => times[a] != times[b] ? times[a].CompareTo(times[b]) : a.CompareTo(b));
        _trained = (int)(log.Count * options.TrainShare);
        _train = TrainingPart();
    }

    /// <summary>Evaluates all strategies of the options on a log with times.</summary>
    /// <exception cref="RecsysException">The log has no times, or too few events.</exception>
    /// <exception cref="InvalidOptionException">An option is out of its range.</exception>
    public static PrequentialResult Evaluate(
        InteractionLog log, PrequentialOptions options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (!log.HasTimes)
        {
            throw new RecsysException("replay: the events have no times; name their column with --time-column");
        }

        if ((int)(log.Count * options.TrainShare) < 1 || (int)(log.Count * options.TrainShare) >= log.Count)
        {
            throw new RecsysException($"replay: {log.Count} events are too few to train on one part and to stream the other");
        }

        return new PrequentialRun(log, options).Run(progress, cancellationToken);
    }

    private PrequentialResult Run(IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var passes = new List<(string Name, int[] Ranks, double Train, double Score, double Learn)>();
        foreach (string name in _options.Strategies)
        {
            passes.Add(Pass(name, progress, cancellationToken));
        }

        var questions = new PrequentialQuestions(_log, _order, _trained, PopularityBands.Of(_train.Interactions), passes[0].Ranks, _options);
        using var pool = new ComputePool(_options.Threads);
        var strategies = new List<StrategyResult>();
        foreach (var pass in passes)
        {
            int[]? baseline = strategies.Count == 0 ? null : passes[0].Ranks;
            strategies.Add(questions.Summarize(pass.Name, pass.Ranks, baseline, pool, cancellationToken) with
            {
                TrainSeconds = pass.Train,
                ScoreSeconds = pass.Score,
                LearnSeconds = pass.Learn,
                EventsPerSecond = (_log.Count - _trained) / Math.Max(1e-9, pass.Score + pass.Learn),
                LearnedPerSecond = (_log.Count - _trained) / Math.Max(1e-9, pass.Learn),
            });
        }

        return new PrequentialResult(
            _log.Name,
            _options,
            _trained,
            _log.Count - _trained,
            questions.Scored,
            questions.Users,
            _log.ItemIds.Count,
            questions.Bands,
            questions.SliceTimes,
            strategies);
    }

    private (string Name, int[] Ranks, double Train, double Score, double Learn) Pass(
        string name, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        using var strategy = PrequentialStrategies.Create(name, _options);
        strategy.Prepare(_train, cancellationToken);
        double train = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var histories = new OnlineHistories();
        histories.Grow(_log.UserIds.Count);
        for (int e = 0; e < _trained; e++)
        {
            Note(histories, _order[e]);
        }

        int count = _log.Count - _trained;
        var ranks = new int[count];
        var scores = new float[_log.ItemIds.Count];
        long scoring = 0, learning = 0;
        for (int e = 0; e < count; e++)
        {
            if ((e & 255) == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Report(new TrainingProgress(name, e, count));
            }

            int place = _order[_trained + e];
            int user = _log.Users[place];
            int item = _log.Items[place];
            long start = Stopwatch.GetTimestamp();
            if (WeightOf(place) > 0 && histories.Weight(user, item) == 0)
            {
                strategy.Score(user, histories, scores);
                ranks[e] = Rank(scores, histories.Items(user), item);
            }

            long middle = Stopwatch.GetTimestamp();
            float before = Note(histories, place);
            strategy.Learn(user, item, WeightOf(place), before, histories);
            scoring += middle - start;
            learning += Stopwatch.GetTimestamp() - middle;
        }

        progress?.Report(new TrainingProgress(name, count, count));
        return (name, ranks, train, scoring / (double)Stopwatch.Frequency, learning / (double)Stopwatch.Frequency);
    }

    /// <summary>The rank of an item, from 1, among those that are not seen; equal scores in item order.</summary>
    internal static int Rank(ReadOnlySpan<float> scores, ReadOnlySpan<int> seen, int item)
    {
        float own = scores[item];
        int rank = 1;
        for (int i = 0; i < scores.Length; i++)
        {
            rank += scores[i] > own || (scores[i] == own && i < item) ? 1 : 0;
        }

        foreach (int i in seen)
        {
            rank -= scores[i] > own || (scores[i] == own && i < item) ? 1 : 0;
        }

        return rank;
    }

    private float WeightOf(int place) => _log.HasWeights ? _log.Weights[place] : 1;

    private float Note(OnlineHistories histories, int place)
    {
        float weight = WeightOf(place);
        float before = histories.Weight(_log.Users[place], _log.Items[place]);
        histories.Set(
            _log.Users[place], _log.Items[place], MathF.Sign(before) == MathF.Sign(weight) ? before + weight : weight, _log.Times[place], 0);
        return before;
    }

    private Dataset TrainingPart()
    {
        var first = _order.AsSpan(0, _trained);
        var users = new int[_trained];
        var items = new int[_trained];
        float[]? weights = _log.HasWeights ? new float[_trained] : null;
        for (int e = 0; e < _trained; e++)
        {
            users[e] = _log.Users[first[e]];
            items[e] = _log.Items[first[e]];
            if (weights is not null)
            {
                weights[e] = _log.Weights[first[e]];
            }
        }

        return new InteractionLog(_log.UserIds, _log.ItemIds, users, items, weights) { Name = _log.Name }.ToDataset();
    }
}
