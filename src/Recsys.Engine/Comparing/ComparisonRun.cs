using System.Diagnostics;
using Recsys.Engine.Blending;
using Recsys.Engine.Compute;
using Recsys.Engine.Ease;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;

namespace Recsys.Engine.Comparing;

/// <summary>One comparison while it runs.</summary>
internal sealed class ComparisonRun : IDisposable
{
    private readonly ComparisonData _data;
    private readonly IReadOnlyList<ModelSpec> _specs;
    private readonly ComparisonOptions _options;
    private readonly IProgress<TrainingProgress>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly ModelMaker _maker;
    private readonly ComputePool _pool;
    private readonly List<(ModelSpec Spec, BlendOptions Options)> _blends = [];
    private readonly Dictionary<string, MadeModel> _kept = [];
    private readonly Dictionary<string, (MadeModel Made, long Peak)> _early = [];
    private readonly Dictionary<string, ComparedModel> _done = [];

    public ComparisonRun(
        ComparisonData data,
        IReadOnlyList<ModelSpec> specs,
        ComparisonOptions options,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken)
    {
        options.Evaluation.Validate();
        _data = data;
        _specs = specs;
        _options = options;
        _progress = progress;
        _cancellation = cancellationToken;
        Check();
        _blends.AddRange(specs.Where(IsBlend).Select(s => (s, BlendOptionsOf(s))));
        _maker = new ModelMaker(data.Train, specs);
        _pool = new ComputePool(options.Evaluation.Threads);
    }

    /// <summary>All models, in the order of the list.</summary>
    public IReadOnlyList<ComparedModel> Examine()
    {
        // Before the models themselves: what is trained for the weights alone is gone when they come.
        var fits = _data.Validation is null && _blends.Count > 0
            ? BlendTrainer.FitWeights(_data.Train, [.. _blends.Select(b => b.Options)], MakeEarly, _progress, _cancellation)
            : null;
        var scores = new Dictionary<string, ValidationScores>();
        var left = new List<ModelSpec>(_specs.Where(s => !IsBlend(s)));
        while (left.Count > 0)
        {
            var spec = left[0];
            left.RemoveAt(0);
            ExamineOne(spec, scores);
            _maker.Release(left.Concat(_specs.Where(s => _kept.ContainsKey(s.Label))));
        }

        for (int b = 0; b < _blends.Count; b++)
        {
            ExamineBlend(_blends[b].Spec, _blends[b].Options, fits?[b], scores.GetValueOrDefault(_blends[b].Spec.Label));
        }

        return [.. _specs.Select(s => _done[s.Label])];
    }

    public void Dispose()
    {
        foreach (var made in _kept.Values.Concat(_early.Values.Select(e => e.Made)).Where(m => m.Owned))
        {
            made.Model.Dispose();
        }

        _maker.Dispose();
        _pool.Dispose();
    }

    private static bool IsBlend(ModelSpec spec) => spec.Algorithm.Name == BlendAlgorithm.AlgorithmName;

    /// <summary>Finds what is wrong before hours of training.</summary>
    private void Check()
    {
        if (_specs.Count == 0 || _specs.Select(s => s.Label).Distinct().Count() < _specs.Count)
        {
            throw new InvalidOptionException("compare: it takes at least one model, each with a label of its own");
        }

        if (_options.Against is not (ComparisonOptions.Best or ComparisonOptions.First) && _specs.All(s => s.Label != _options.Against))
        {
            throw new InvalidOptionException($"compare: there is no model '{_options.Against}' to compare with; there are {Labels(_specs)}");
        }

        foreach (var spec in _specs.Where(s => !IsBlend(s)))
        {
            _ = spec.Algorithm.EstimateBytes(_data.Train, spec.Options); // reads the options
        }
    }

    private BlendOptions BlendOptionsOf(ModelSpec spec)
    {
        var rest = new OptionBag(spec.Options.Values.Where(o => o.Key != "members"));
        var metrics = _options.Evaluation.Metrics;
        var main = metrics.Where(m => m.Kind == MetricKind.Ndcg).Concat(metrics.Where(m => m.IsAccuracy)).ToList();
        var options = new BlendAlgorithm().Parse(rest) with { Members = Members(spec), Threads = _options.Evaluation.Threads };
        options = rest.Text("weights-metric") is null && main.Count > 0 ? options with { Metric = main[0] } : options;
        options = rest.Text("weights-protocol") is null && _data.Test.FoldIn is null ? options with { Protocol = BlendProtocol.Weak } : options;
        options.Validate();
        return options;
    }

    private ModelSpec[] Members(ModelSpec blend)
    {
        ModelSpec[] models = [.. _specs.Where(s => !IsBlend(s))];
        if (blend.Options.Text("members") is { } named)
        {
            models =
            [
                .. named.Split('+', StringSplitOptions.TrimEntries).Distinct().Select(label => Array.Find(models, m => m.Label == label)
                    ?? throw new InvalidOptionException($"{blend.Label}: there is no model '{label}' in the list; there are {Labels(models)}")),
            ];
        }

        return models.Length > 0 ? models : throw new InvalidOptionException($"{blend.Label}: there is no other model in the list to blend");
    }

    private static string Labels(IEnumerable<ModelSpec> specs) => string.Join(", ", specs.Select(s => s.Label));

    /// <summary>A member whose model proper tells already what it would say of users it does not know; null for others.</summary>
    private IRecommenderModel? MakeEarly(ModelSpec spec)
    {
        if (!_early.ContainsKey(spec.Label) && SplitFit.NeedsNoSplit(spec))
        {
            PeakMemory.Reset();
            var made = _maker.Make(spec, Phase(spec.Label), _cancellation);
            _early[spec.Label] = (made, PeakMemory.Bytes());
        }

        return _early.TryGetValue(spec.Label, out var early) ? early.Made.Model : null;
    }

    private void ExamineOne(ModelSpec spec, Dictionary<string, ValidationScores> scores)
    {
        GC.Collect(); // what the model before left behind is not this one's memory
        PeakMemory.Reset();
        bool madeEarly = _early.Remove(spec.Label, out var early);
        var made = madeEarly ? early.Made : _maker.Make(spec, Phase(spec.Label), _cancellation);
        try
        {
            foreach (var (blend, options) in _blends.Where(b => _data.Validation is not null && b.Options.Members.Contains(spec)))
            {
                if (!scores.TryGetValue(blend.Label, out var gathered))
                {
                    var users = _data.Validation!.TaskFor(made.Model);
                    scores[blend.Label] = gathered = new ValidationScores(users, made.Model, options.Metric, options.Members.Count, options.Seed, _pool);
                }

                gathered.Add(options.Members.ToList().IndexOf(spec), made.Model, _cancellation);
            }

            _done[spec.Label] = Finish(spec, made.Model, made.Seconds, early.Peak) with { SharedSeconds = made.SharedSeconds };
        }
        catch
        {
            Dispose(made);
            throw;
        }

        if (_blends.Any(b => b.Options.Members.Contains(spec)))
        {
            _kept[spec.Label] = made;
        }
        else
        {
            Dispose(made);
        }
    }

    private void ExamineBlend(ModelSpec spec, BlendOptions options, (BlendFit Fit, double Seconds)? onSplit, ValidationScores? scores)
    {
        GC.Collect();
        PeakMemory.Reset();
        var clock = Stopwatch.StartNew();
        var fit = onSplit?.Fit
            ?? BlendFitter.Fit(scores!.ToSamples(), options.Members.Count, options, _pool, Phase(spec.Label), _cancellation);
        double seconds = clock.Elapsed.TotalSeconds + (onSplit?.Seconds ?? 0) + options.Members.Sum(m => _kept[m.Label].Seconds);
        var facts = BlendTrainer.Facts(options, _data.Train, fit, seconds);
        using var blend = new BlendModel(
            [.. options.Members.Select(m => new BlendMember(m.Label, _kept[m.Label].Model))], fit.Weights, facts, ownsMembers: false);
        _done[spec.Label] = Finish(spec, blend, seconds, 0) with { Blend = fit, Members = [.. options.Members.Select(m => m.Label)] };
    }

    private ComparedModel Finish(ModelSpec spec, IRecommenderModel model, double seconds, long peakBefore)
    {
        var result = Evaluator.Evaluate(model, _data.Test.TaskFor(model), _options.Evaluation, _pool, Phase(spec.Label), _cancellation);
        long peak = Math.Max(peakBefore, PeakMemory.Bytes());
        var facts = model.ToContents().Facts;
        return new ComparedModel(spec.Label, model.Algorithm, new EvaluationRun(_data.Name, spec.Label, facts.Options, result)
        {
            ReadSeconds = _data.ReadSeconds,
            FitSeconds = seconds,
            PeakRssBytes = peak,
            Losses = facts.Losses,
            Weights = _options.MeasureWeights && model is ItemWeightModel items ? items.MeasureWeights().ToHistogram() : null,
        });
    }

    private static void Dispose(MadeModel made)
    {
        if (made.Owned)
        {
            made.Model.Dispose();
        }
    }

    private IProgress<TrainingProgress>? Phase(string label) => _progress is null ? null : new PhaseProgress(_progress, label + ": ");
}
