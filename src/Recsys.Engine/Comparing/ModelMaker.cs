using System.Diagnostics;
using System.Text.Json.Nodes;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Models;

namespace Recsys.Engine.Comparing;

/// <summary>
/// Trains the models of a list. EASE models that differ only in what becomes of their weights (clipped, pruned) are made
/// of one solution, where memory for two matrices is to be had.
/// </summary>
internal sealed class ModelMaker(Dataset train, IReadOnlyList<ModelSpec> specs) : IDisposable
{
    private readonly Dictionary<string, MadeModel> _solutions = [];

    /// <summary>Makes the model of a spec of the list.</summary>
    public MadeModel Make(ModelSpec spec, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        if (!Shares(spec) || (!_solutions.ContainsKey(Key(spec)) && MemoryBudget.AvailableBytes() < 3 * MatrixBytes()))
        {
            var clock = Stopwatch.StartNew();
            var model = spec.Algorithm.Train(train, spec.Options, progress, cancellationToken);
            double seconds = spec.Algorithm is SavedModel ? model.ToContents().Facts.TrainingSeconds : clock.Elapsed.TotalSeconds;
            return new MadeModel(model, seconds, 0, Owned: true);
        }

        var solution = Solution(spec, progress, cancellationToken);
        var started = Stopwatch.StartNew();
        var derived = Derive((EaseModel)solution.Model, spec, cancellationToken);
        return derived is null
            ? solution
            : new MadeModel(derived, solution.Seconds + started.Elapsed.TotalSeconds, solution.Seconds, Owned: true);
    }

    /// <summary>Frees what no spec but the given ones needs any more.</summary>
    public void Release(IEnumerable<ModelSpec> needed)
    {
        var keys = needed.Where(Shares).Select(Key).ToHashSet();
        foreach (string key in _solutions.Keys.Where(k => !keys.Contains(k)).ToList())
        {
            _solutions[key].Model.Dispose();
            _ = _solutions.Remove(key);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Release([]);

    private static bool IsSolution(ModelSpec spec) =>
        spec.Algorithm.Name == EaseAlgorithm.AlgorithmName && spec.Options.Text("non-negative") is null or "off" or "clip";

    private static string Key(ModelSpec spec) => string.Join(',', spec.Options.Values
        .Where(o => o.Key is not ("non-negative" or "sparsify" or "threads" or "partitions" or "seed"))
        .OrderBy(o => o.Key, StringComparer.Ordinal));

    private long MatrixBytes() => 4L * train.Items.Count * train.Items.Count;

    private bool Shares(ModelSpec spec) => IsSolution(spec) && specs.Count(s => IsSolution(s) && Key(s) == Key(spec)) > 1;

    private MadeModel Solution(ModelSpec spec, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        if (!_solutions.TryGetValue(Key(spec), out var solution))
        {
            var plain = new OptionBag(spec.Options.Values.Where(o => o.Key is not ("non-negative" or "sparsify")));
            var clock = Stopwatch.StartNew();
            var model = spec.Algorithm.Train(train, plain, progress, cancellationToken);
            double seconds = clock.Elapsed.TotalSeconds;
            _solutions[Key(spec)] = solution = new MadeModel(model, seconds, seconds, Owned: false);
        }

        return solution;
    }

    /// <summary>The model that training with the spec's options would give; null where that is the solution itself.</summary>
    private EaseModel? Derive(EaseModel solution, ModelSpec spec, CancellationToken cancellationToken)
    {
        var json = new JsonObject();
        foreach (var (name, value) in spec.Options.Values)
        {
            json[name] = value;
        }

        json["regularization"] = solution.Options.Regularization;
        var options = EaseAlgorithm.ParseStored(json);
        bool clip = options.NonNegative == NonNegativeMode.Clip;
        if (!clip && options.Density == 1)
        {
            return null;
        }

        using var pool = new ComputePool(options.Threads);
        var weights = EaseVariants.Derive(solution.Weights, clip, options.Density, pool, cancellationToken);
        return new EaseModel(train, options, weights, 0);
    }
}
