using Recsys.Engine.Data;
using Recsys.Engine.Negatives;
using Recsys.Engine.Als;

namespace Recsys.Engine.Logistic;

/// <summary>
/// Randomness by the ids of users and items, not by their indices: where several learners share items, each has indices of its
/// own, and an item has to start alike in all of them.
/// </summary>
internal sealed class LmfIdKeys
{
    private readonly IdTable _users;
    private readonly IdTable _items;
    private readonly ulong _seed;
    private readonly ulong _userSeed;
    private readonly ulong _itemSeed;

    /// <summary>Keys for the present and coming ids of two tables.</summary>
    public LmfIdKeys(ulong seed, IdTable users, IdTable items)
    {
        _seed = seed;
        _users = users;
        _items = items;
        _userSeed = LmfKeys.Users(seed);
        _itemSeed = LmfKeys.Items(seed);
    }

    /// <summary>The key of a user's row.</summary>
    public ulong User(int user) => CounterRandom.Derive(_userSeed, VirtualBlocks.Hash(_users.Utf8(user)));

    /// <summary>The key of an item's row.</summary>
    public ulong Item(int item) => CounterRandom.Derive(_itemSeed, VirtualBlocks.Hash(_items.Utf8(item)));

    /// <summary>The key of a step: learners with the same number of steps draw differently.</summary>
    public ulong Step(long step, int user) => CounterRandom.Derive(LmfKeys.Online(_seed, step), VirtualBlocks.Hash(_users.Utf8(user)));
}
