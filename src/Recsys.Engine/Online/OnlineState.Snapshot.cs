using System.Text.Json.Nodes;
using Recsys.Engine.Als;
using Recsys.Engine.Ease;
using Recsys.Engine.Logistic;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Online;

/// <summary>
/// The state as stored arrays, with its position in the log: restored and given the events from there on, it becomes
/// what it would have become. EASE takes a step first, so that P and histories agree.
/// </summary>
internal sealed partial class OnlineState
{
    private const string StateFolder = "state";
    private const string LmfFolder = "lmf";
    private const string AlgorithmName = "online-state";
    private const string PositionTensor = "position";
    private const string TimesTensor = "times";
    private const string MassesTensor = "masses";
    private const string PopularityTensor = "popularity";
    private const string LandmarkTensor = "landmark";
    private const string TrainedItemsTensor = "trained_items";
    private const string NewItemUsersTensor = "new_item_users";
    private const string AlsItemsTensor = "als_items";
    private const string AlsUsersTensor = "als_users";
    private const string AlsItemGramTensor = "als_item_gram";
    private const string AlsUserGramTensor = "als_user_gram";
    private const string AlsForgottenTensor = "als_forgotten";
    private const string LmfOthersTensor = "lmf_others";
    private const string EaseTensor = "ease_inverse";
    private const string EaseOption = "ease-regularization";

    /// <summary>Writes a snapshot into an empty directory; returns its position. Events wait while it is copied in memory.</summary>
    public long Save(string directory, CancellationToken cancellationToken)
    {
        ModelContents contents;
        LmfModel? lmf;
        DenseMatrix? inverse = null;
        long position;
        _lock.EnterReadLock();
        try
        {
            position = Position;
            _ease?.Flush(cancellationToken);
            inverse = _ease?.Snapshot().P;
            contents = Capture(inverse);
            lmf = _lmf?.ToModel(contents.Users, contents.Items);
        }
        finally
        {
            _lock.ExitReadLock();
        }

        using (inverse)
        using (lmf)
        {
            ModelStore.Save(contents, Path.Combine(directory, StateFolder), null, null, cancellationToken);
            if (lmf is not null)
            {
                ModelStore.Save(lmf.ToContents(), Path.Combine(directory, LmfFolder), null, null, cancellationToken);
            }
        }

        return position;
    }

    /// <summary>The state of a snapshot.</summary>
    /// <exception cref="ModelFormatException">It is damaged.</exception>
    public static OnlineState Load(string directory, OnlineOptions options, CancellationToken cancellationToken)
    {
        options.Validate();
        using var stored = ModelStore.Open(Path.Combine(directory, StateFolder), null, cancellationToken);
        var (users, items) = (stored.Users.Clone(), stored.Items.Clone());
        OnlineLmf? lmf = null;
        bool learned = false;
        if (options.Lmf is not null && Directory.Exists(Path.Combine(directory, LmfFolder)))
        {
            using var model = (LmfModel)Algorithms.Load(Path.Combine(directory, LmfFolder), cancellationToken);
            lmf = options.SharesItems
                ? OnlineLmf.Sharing(model, options.Lmf, users, items, stored.Array<float>(LmfOthersTensor))
                : OnlineLmf.From(model, options.Lmf);
            learned = true;
        }
        else if (options.Lmf is not null)
        {
            lmf = options.SharesItems ? OnlineLmf.Sharing(options.Lmf, users, items) : new OnlineLmf(options.Lmf);
        }

        var als = stored.Has(AlsItemsTensor) ? LoadAls(stored) : null;
        var ease = options.Ease is null ? null : LoadEase(stored, options.Ease, cancellationToken);
        var state = new OnlineState(
            options, users, items, stored.Array<int>(TrainedItemsTensor, 1)[0], als, lmf, ease);
        state.Restore(stored);
        state.HeardOthers = options.SharesItems && learned;
        if (options.SharesItems && !learned)
        {
            state.LearnHistories();
        }

        return state;
    }

    private static LiveAls LoadAls(StoredModel stored)
    {
        var options = AlsAlgorithm.ParseStored((JsonObject)stored.Facts.Options["als"]!.DeepClone());
        return new LiveAls(
            options,
            stored.Matrix(AlsItemsTensor, stored.Items.Count, options.Factors),
            stored.Matrix(AlsUsersTensor, -1, options.Factors),
            stored.Array<int>(TrainedItemsTensor, 1)[0],
            stored.Array<double>(AlsItemGramTensor, (long)options.Factors * options.Factors),
            stored.Array<double>(AlsUserGramTensor, (long)options.Factors * options.Factors),
            stored.Has(AlsForgottenTensor) ? stored.Array<int>(AlsForgottenTensor) : []);
    }

    private static StreamingEase LoadEase(StoredModel stored, StreamingEaseOptions options, CancellationToken cancellationToken)
    {
        var histories = Positives(stored.Histories);
        return stored.Has(EaseTensor) && stored.Facts.Options[EaseOption]?.GetValue<double>() == options.Regularization
            ? StreamingEase.Restore(stored.Matrix(EaseTensor, stored.Items.Count, stored.Items.Count), histories, options)
            : StreamingEase.Train(histories, options, null, cancellationToken);
    }

    // Under the shared lock.
    private ModelContents Capture(DenseMatrix? inverse)
    {
        int users = _users.Count;
        int items = _items.Count;
        var histories = _histories.ToMatrix(users, items);
        var times = new long[histories.Count];
        var masses = new double[histories.Count];
        for (int u = 0; u < users; u++)
        {
            _histories.Times(u).CopyTo(times.AsSpan((int)histories.Offsets[u]));
            _histories.Masses(u).CopyTo(masses.AsSpan((int)histories.Offsets[u]));
        }

        var tensors = new Dictionary<string, Tensor>
        {
            [PositionTensor] = Tensor.Copy<long>([Position], TensorType.I64),
            [TrainedItemsTensor] = Tensor.Copy<int>([_trainedItems], TensorType.I32),
            [TimesTensor] = Tensor.Copy<long>(times, TensorType.I64),
            [MassesTensor] = Tensor.Copy<double>(masses, TensorType.F64),
            [PopularityTensor] = Tensor.Copy(_popularity.Masses, TensorType.F64),
            [NewItemUsersTensor] = Tensor.Copy<int>(
                [.. _usersOfNewItems.OrderBy(e => e.Key).SelectMany(e => new[] { e.Key, e.Value.Count }.Concat(e.Value))], TensorType.I32),
        };
        if (_popularity.Landmark is { } landmark)
        {
            tensors[LandmarkTensor] = Tensor.Copy<long>([landmark], TensorType.I64);
        }

        if (_options.SharesItems && _lmf is not null)
        {
            tensors[LmfOthersTensor] = Tensor.Copy<float>(_lmf.CopyOthers(items), TensorType.F32);
        }

        var options = new JsonObject();
        if (_als is not null)
        {
            options["als"] = AlsAlgorithm.ToJson(_als.Options);
            tensors[AlsItemsTensor] = Tensor.From(_als.CopyItems(items));
            tensors[AlsUsersTensor] = Tensor.From(_als.CopyTrainedUsers());
            tensors[AlsItemGramTensor] = Tensor.Copy(_als.ItemGram, TensorType.F64);
            tensors[AlsUserGramTensor] = Tensor.Copy(_als.UserGram, TensorType.F64);
            tensors[AlsForgottenTensor] = Tensor.Copy<int>(_als.Forgotten, TensorType.I32);
        }

        if (inverse is not null)
        {
            options[EaseOption] = _ease!.Options.Regularization;
            tensors[EaseTensor] = Tensor.From(inverse);
        }

        var facts = new ModelFacts(AlgorithmName, options, []) { Created = DateTimeOffset.UtcNow };
        return new ModelContents(facts, tensors, _users.Clone(), _items.Clone(), histories);
    }

    private void Restore(StoredModel stored)
    {
        Position = stored.Array<long>(PositionTensor, 1)[0];
        var histories = stored.Histories;
        long[] times = stored.Array<long>(TimesTensor, histories.Count);
        double[] masses = stored.Array<double>(MassesTensor, histories.Count);
        _histories.Grow(histories.Rows);
        GrowItems(histories.Columns);
        for (int u = 0; u < histories.Rows; u++)
        {
            var items = histories.Row(u);
            int first = (int)histories.Offsets[u];
            for (int e = 0; e < items.Length; e++)
            {
                float weight = histories.RowValues(u)[e];
                _histories.Set(u, items[e], weight, times[first + e], masses[first + e]);
                _itemUsers[items[e]] += weight > 0 ? 1 : 0;
            }
        }

        long? landmark = stored.Has(LandmarkTensor) ? stored.Array<long>(LandmarkTensor, 1)[0] : null;
        _popularity.Restore(landmark, stored.Array<double>(PopularityTensor, histories.Columns));
        int[] lists = stored.Array<int>(NewItemUsersTensor);
        for (int at = 0; at < lists.Length; at += 2 + lists[at + 1])
        {
            _usersOfNewItems[lists[at]] = [.. lists.AsSpan(at + 2, lists[at + 1])];
        }

        _als?.Grow(histories.Rows, histories.Columns);
    }
}
