using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;

namespace Recsys.Engine.Tuning;

/// <summary>Trains and measures the trials of one algorithm, or finds them in the journal.</summary>
internal sealed class TrialRunner : IDisposable
{
    private readonly ModelSearch _search;
    private readonly TuningData _data;
    private readonly TuningOptions _options;
    private readonly TuningJournal? _journal;
    private readonly IProgress<TuningProgress>? _progress;
    private ITrialTrainer? _trainer;
    private TuningData? _part;
    private EvaluationTask? _task;
    private int? _items;
    private double _secondsOfUnit;
    private double _evaluateSeconds;

    public TrialRunner(
        ModelSearch search, TuningData data, TuningOptions options, TuningJournal? journal, IProgress<TuningProgress>? progress)
    {
        (_search, _data, _options, _journal, _progress) = (search, data, options, journal, progress);
    }

    public ModelSearch Search => _search;

    /// <summary>
    /// The trial with its value. Null where it would not end, or did not, before <paramref name="deadline"/> (a time stamp).
    /// </summary>
    /// <exception cref="OperationCanceledException">It was asked to stop.</exception>
    public Trial? Run(Trial trial, long deadline, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_journal?.Find(trial.Key) is { } known)
        {
            var done = known with { Number = trial.Number, Rung = trial.Rung };
            Learn(done);
            _progress?.Report(new TuningProgress(trial.Model, done, true));
            return done;
        }

        Prepare(trial.Items);
        double left = (deadline - _options.Clock.GetTimestamp()) / (double)_options.Clock.TimestampFrequency;
        if (Estimate(trial) > left || left <= 0)
        {
            return null;
        }

        _progress?.Report(new TuningProgress(trial.Model, trial, false));
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (left < int.MaxValue / 1000)
        {
            limited.CancelAfter(TimeSpan.FromSeconds(left));
        }

        try
        {
            var done = Measure(trial, limited.Token);
            _journal?.Append(done);
            Learn(done);
            _progress?.Report(new TuningProgress(trial.Model, done, true));
            return done;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Estimated seconds of training on other data; 0 while nothing was trained.</summary>
    public double EstimateTraining(Dataset data, OptionBag options) => _secondsOfUnit * _search.Algorithm.EstimateWork(data, options);

    public void Dispose() => _trainer?.Dispose();

    private double Estimate(Trial trial) =>
        (1.1 * EstimateTraining(_part!.Train, new OptionBag(trial.Options))) + _evaluateSeconds;

    private void Prepare(int? items)
    {
        if (_trainer is not null && items == _items)
        {
            return;
        }

        _trainer?.Dispose();
        _part = items is { } count ? _data.MostPopular(count) : _data;
        _trainer = _search.Algorithm.OpenTrials(_part.Train);
        _task = _part.Task();
        _items = items;
        _evaluateSeconds = 0;
    }

    private Trial Measure(Trial trial, CancellationToken cancellationToken)
    {
        long begin = _options.Clock.GetTimestamp();
        try
        {
            using var model = _trainer!.Train(
                new OptionBag(trial.Options),
                _progress is null ? null : new Training(_progress, trial),
                cancellationToken);
            double fit = Elapsed(begin);
            var result = Evaluator.Evaluate(
                model,
                _task!,
                new EvaluationOptions { Metrics = [_options.Metric], Resamples = 0, Threads = _options.Threads, UnknownAsMisses = true },
                cancellationToken: cancellationToken);
            return trial with
            {
                Value = result[_options.Metric],
                StandardError = StandardError(result.PerUser(_options.Metric)),
                FitSeconds = fit,
                EvaluateSeconds = Elapsed(begin) - fit,
            };
        }
        catch (RecsysException e) when (e is not InvalidOptionException)
        {
            return trial with { FitSeconds = Elapsed(begin), Error = e.Message.ReplaceLineEndings(" ") };
        }
    }

    private double Elapsed(long begin) => _options.Clock.GetElapsedTime(begin).TotalSeconds;

    /// <summary>What a unit of work takes, the latest trial counting most.</summary>
    private void Learn(Trial trial)
    {
        if (trial.Error is not null)
        {
            return;
        }

        // A trial that another process did was done on data of the same size.
        Prepare(trial.Items);
        double unit = trial.FitSeconds / _search.Algorithm.EstimateWork(_part!.Train, new OptionBag(trial.Options));
        _secondsOfUnit = _secondsOfUnit == 0 ? unit : (0.5 * _secondsOfUnit) + (0.5 * unit);
        _evaluateSeconds = _evaluateSeconds == 0 ? trial.EvaluateSeconds : (0.5 * _evaluateSeconds) + (0.5 * trial.EvaluateSeconds);
    }

    private static double StandardError(ReadOnlySpan<double> values)
    {
        double sum = 0, squares = 0;
        int count = 0;
        foreach (double value in values)
        {
            if (!double.IsNaN(value))
            {
                sum += value;
                squares += value * value;
                count++;
            }
        }

        return count < 2 ? double.NaN : Math.Sqrt(Math.Max(0, squares - (sum * sum / count)) / (count - 1) / count);
    }

    private sealed class Training(IProgress<TuningProgress> progress, Trial trial) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => progress.Report(new TuningProgress(trial.Model, trial, false, value));
    }
}
