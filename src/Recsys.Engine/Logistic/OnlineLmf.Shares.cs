using Recsys.Engine.Data;
using Recsys.Engine.Negatives;

namespace Recsys.Engine.Logistic;

/// <summary>
/// A learner that shares its items with others (<see cref="ItemShares"/>): it learns on what all of them made of an item, as
/// far as it has heard, and knows which part of that is its own. Alone it learns what a learner that shares nothing does, to the bit.
/// </summary>
public sealed unsafe partial class OnlineLmf
{
    /// <summary>A learner that shares items and knows nothing yet. The tables of ids grow before users or items are named.</summary>
    internal static OnlineLmf Sharing(LmfOptions options, IdTable users, IdTable items)
    {
        var keys = new LmfIdKeys(options.Seed, users, items);
        var rows = FactorTable.ForItems(options, keys);
        return new OnlineLmf(
            options,
            FactorTable.ForUsers(options, keys),
            rows,
            new ItemCounts(0),
            new UserHistories(),
            LmfLearnerState.Fresh,
            keys,
            new ItemShares(options, rows, keys));
    }

    /// <summary>The same without anybody to share with, its randomness by ids all the same.</summary>
    internal static OnlineLmf Alone(LmfOptions options, IdTable users, IdTable items)
    {
        var keys = new LmfIdKeys(options.Seed, users, items);
        return new OnlineLmf(
            options,
            FactorTable.ForUsers(options, keys),
            FactorTable.ForItems(options, keys),
            new ItemCounts(0),
            new UserHistories(),
            LmfLearnerState.Fresh,
            keys);
    }

    /// <summary>A sharing learner that goes on where a snapshot stands.</summary>
    /// <param name="model">The snapshot.</param>
    /// <param name="options">Other options; factors and seed stay the model's.</param>
    /// <param name="users">Ids, which will grow.</param>
    /// <param name="items">Ids, which will grow.</param>
    /// <param name="others">What it had heard (<see cref="CopyOthers"/>).</param>
    internal static OnlineLmf Sharing(LmfModel model, LmfOptions options, IdTable users, IdTable items, ReadOnlySpan<float> others)
    {
        options = options with { Factors = model.Options.Factors, Seed = model.Options.Seed };
        var keys = new LmfIdKeys(options.Seed, users, items);
        using var userKeys = FactorTable.ForUsers(options, keys);
        using var itemKeys = FactorTable.ForItems(options, keys);
        var rows = model.ItemTable.Copy(itemKeys);
        var shares = new ItemShares(options, rows, keys);
        var counts = ItemCounts.Of(model.Histories);
        int[] elsewhere = shares.Restore(others);
        for (int item = 0; item < elsewhere.Length; item++)
        {
            counts.Add(item, elsewhere[item]);
        }

        return new OnlineLmf(options, model.UserTable.Copy(userKeys), rows, counts, UserHistories.From(model.Histories), model.Learner, keys, shares);
    }

    /// <summary>Numbers of an item's share.</summary>
    internal int ShareLength => _items.Factors + ItemShares.Extras;

    /// <summary>Adds the items whose own share changed since the last call to a list.</summary>
    internal void TakeTouched(List<int> items)
    {
        lock (_gate)
        {
            _shares!.TakeTouched(items);
        }
    }

    /// <summary>Copies the own shares of items, one after the other; returns which of them are anything at all.</summary>
    internal void CopyShares(ReadOnlySpan<int> items, Span<float> shares)
    {
        lock (_gate)
        {
            for (int i = 0; i < items.Length; i++)
            {
                var share = shares.Slice(i * ShareLength, ShareLength);
                share.Clear();
                if (items[i] < Items)
                {
                    _shares!.Own(items[i], _counts[items[i]], share);
                }
            }
        }
    }

    /// <summary>Whether the own users made anything of an item.</summary>
    internal bool HasShare(int item, Span<float> scratch)
    {
        lock (_gate)
        {
            return item < Items && _shares!.Own(item, _counts[item], scratch);
        }
    }

    /// <summary>Takes in what the others' shares of an item sum up to by now; the item may be new.</summary>
    internal void Hear(int item, ReadOnlySpan<float> sum)
    {
        lock (_gate)
        {
            Grow(0, item + 1);
            int change = _shares!.Hear(item, sum);
            if (change != 0)
            {
                int count = _counts.Add(item, change);
                _sampler.CountChanged(item, count);
                if (_foldInSampler != _sampler)
                {
                    _foldInSampler.CountChanged(item, count);
                }
            }
        }
    }

    /// <summary>A copy of what was heard of the others, for <see cref="Sharing(LmfModel, LmfOptions, IdTable, IdTable, ReadOnlySpan{float})"/>.</summary>
    /// <param name="items">Items, at least as many as are known.</param>
    internal float[] CopyOthers(int items)
    {
        lock (_gate)
        {
            float[] others = _shares!.Others();
            Array.Resize(ref others, items * ShareLength);
            return others;
        }
    }

    /// <summary>The k factors of a user; null for one that is not known.</summary>
    internal float[]? CopyUser(int user)
    {
        lock (_gate)
        {
            return (uint)user < (uint)Users ? new ReadOnlySpan<float>(_users.Row(user), _users.Factors).ToArray() : null;
        }
    }

    /// <summary>
    /// Scores the first <paramref name="scores"/>.Length items for a user's k factors, without the learner's lock: nobody may
    /// change it meanwhile.
    /// </summary>
    internal void ScoreUnlocked(ReadOnlySpan<float> user, Span<float> scores)
    {
        float* padded = stackalloc float[_items.Width + 16];
        float* aligned = (float*)(((nuint)padded + 63) & ~(nuint)63);
        new Span<float>(aligned, _items.Width).Clear();
        user[..Math.Min(user.Length, _items.Factors)].CopyTo(new Span<float>(aligned, _items.Factors));
        ScoreNow(aligned, scores);
    }

    /// <summary>The cosines of an item's factors with those of the first items, without the learner's lock.</summary>
    internal void SimilarUnlocked(int item, Span<float> scores)
    {
        int known = Math.Min(scores.Length, Items);
        scores[known..].Clear();
        if (item < Items)
        {
            _items.Cosines(item, scores[..known]);
        }
        else
        {
            scores.Clear();
        }
    }

    private ulong KeyOf(long step, int user) => _keys?.Step(step, user) ?? LmfKeys.Online(_options.Seed, step);

    private void StartAnew(int item)
    {
        if (_shares is null)
        {
            _items.Initialize(item);
        }
        else
        {
            _shares.Drop(item);
        }
    }
}
