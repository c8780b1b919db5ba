using Recsys.Engine.Als;
using Recsys.Engine.Blending;
using Recsys.Engine.Ease;
using Recsys.Engine.Logistic;
using Recsys.Engine.Popularity;
using Recsys.Engine.Slim;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Models;

/// <summary>The algorithms there are, by name.</summary>
public static class Algorithms
{
    private static readonly IAlgorithm[] Known =
    [
        new AlsAlgorithm(),
        new EaseAlgorithm(),
        new SlimAlgorithm(),
        new LmfAlgorithm(LmfLoss.Logistic),
        new LmfAlgorithm(LmfLoss.Bpr),
        new LmfAlgorithm(LmfLoss.Softmax),
        new PopularityAlgorithm(),
        new BlendAlgorithm(),
    ];

    /// <summary>All of them, in the order they are shown.</summary>
    public static IReadOnlyList<IAlgorithm> All => Known;

    /// <summary>The algorithm of that name.</summary>
    /// <exception cref="InvalidOptionException">There is none.</exception>
    public static IAlgorithm Get(string name) =>
        Array.Find(Known, a => a.Name == name)
        ?? throw new InvalidOptionException($"unknown model '{name}'; there are {string.Join(", ", Known.Select(a => a.Name))}");

    /// <summary>Opens a model directory and reads the model in it.</summary>
    /// <exception cref="RecsysException">It is missing, damaged, or of a newer version.</exception>
    public static IRecommenderModel Load(string directory, CancellationToken cancellationToken = default) =>
        Load(directory, null, cancellationToken);

    /// <summary>Loads the model stored in a directory, opened by <paramref name="options"/>; null for the defaults.</summary>
    public static IRecommenderModel Load(string directory, OpenOptions? options, CancellationToken cancellationToken = default)
    {
        using var stored = ModelStore.Open(directory, options, cancellationToken);
        return Get(stored.Facts.Algorithm).Read(stored);
    }
}
