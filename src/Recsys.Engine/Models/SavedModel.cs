using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Models;

/// <summary>
/// A saved model in the place of an algorithm: to "train" it reads it, and refuses when it was trained on other data.
/// </summary>
/// <param name="directory">The model's directory.</param>
internal sealed class SavedModel(string directory) : IAlgorithm
{
    /// <summary>What a directory's name is preceded by in a list of models.</summary>
    public const char Mark = '@';

    /// <inheritdoc/>
    public string Name => Mark + directory;

    /// <inheritdoc/>
    public string Summary => "a saved model";

    /// <inheritdoc/>
    public IReadOnlyList<OptionDescription> Options => [];

    /// <inheritdoc/>
    public long EstimateBytes(Dataset data, OptionBag options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.RequireKnown(this);
        using var stored = ModelStore.Open(directory);
        return stored.Bytes;
    }

    /// <inheritdoc/>
    public IRecommenderModel Train(
        Dataset data, OptionBag options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        var model = Algorithms.Load(directory, cancellationToken);
        if (SameData(model, data.Users, data.Items, data.Interactions))
        {
            return model;
        }

        model.Dispose();
        throw new RecsysException($"{directory}: the saved model was trained on other data; it can neither be compared on these nor trained without the users that weights are fitted on");
    }

    /// <inheritdoc/>
    public IRecommenderModel Read(StoredModel stored) => throw new NotSupportedException("a saved model is read by its own algorithm");

    /// <summary>Whether a model was trained on this data, index by index.</summary>
    public static bool SameData(IRecommenderModel model, IdTable users, IdTable items, SparseMatrix histories) =>
        model.Histories.Count == histories.Count
        && model.Histories.AllColumns.SequenceEqual(histories.AllColumns)
        && SameIds(model.Items, items)
        && SameIds(model.Users, users);

    private static bool SameIds(IdTable one, IdTable other)
    {
        for (int i = 0; !ReferenceEquals(one, other) && i < one.Count; i++)
        {
            if (i >= other.Count || !one.Utf8(i).SequenceEqual(other.Utf8(i)))
            {
                return false;
            }
        }

        return one.Count == other.Count;
    }
}
