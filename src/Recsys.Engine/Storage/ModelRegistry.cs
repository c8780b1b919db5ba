using Recsys.Engine.Models;

namespace Recsys.Engine.Storage;

/// <summary>Which class reads the models of which algorithm.</summary>
public sealed class ModelRegistry
{
    private readonly Dictionary<string, Func<StoredModel, IRecommenderModel>> _readers;

    private ModelRegistry(Dictionary<string, Func<StoredModel, IRecommenderModel>> readers) => _readers = readers;

    /// <summary>The engine's own models. One line each: algorithm → FromContents.</summary>
    public static ModelRegistry Default { get; } = new(new Dictionary<string, Func<StoredModel, IRecommenderModel>>());

    /// <summary>Algorithms that can be read.</summary>
    public IReadOnlyCollection<string> Algorithms => _readers.Keys;

    /// <summary>The same with one more algorithm.</summary>
    public ModelRegistry With(string algorithm, Func<StoredModel, IRecommenderModel> reader) =>
        new(new Dictionary<string, Func<StoredModel, IRecommenderModel>>(_readers) { [algorithm] = reader });

    /// <summary>Makes the model of what is stored.</summary>
    /// <exception cref="ModelFormatException">No reader is known for its algorithm, or the arrays are not what it stores.</exception>
    public IRecommenderModel Read(StoredModel stored)
    {
        string algorithm = stored.Facts.Algorithm;
        return _readers.TryGetValue(algorithm, out var reader)
            ? reader(stored)
            : throw new ModelFormatException(
                Path.Combine(stored.Directory, Manifest.FileName),
                $"algorithm '{algorithm}' is not known here (known: {string.Join(", ", _readers.Keys.Order(StringComparer.Ordinal))})");
    }
}
