namespace Recsys.Engine.Data;

/// <summary>
/// Splits interactions into training, validation and test parts. What falls where is decided by hashes of the seed and
/// the ids: the same data in another order splits alike.
/// </summary>
public static class Splitter
{
    /// <summary>
    /// Splits a log. Pairs that stand more than once are merged first (at their first time), except by
    /// <see cref="SplitStrategy.Temporal"/>, which divides the interactions as they happened and merges within each part.
    /// </summary>
    /// <exception cref="InvalidOptionException">The options are out of range, or leave nothing to learn from.</exception>
    public static DataSplit Split(InteractionLog log, SplitOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(log);
        options ??= new SplitOptions();
        options.Validate();
        if (options.Strategy != SplitStrategy.Temporal)
        {
            log = log.Merge(options.Duplicates, out _);
        }

        var parts = new SplitPart[log.Count];
        LeaveOutSmallUsers(log, options.MinItemsPerUser, parts);
        switch (options.Strategy)
        {
            case SplitStrategy.Strong:
                SplitStrong(log, options, parts);
                break;
            case SplitStrategy.Weak:
                SplitWeak(log, options, parts);
                break;
            case SplitStrategy.LeaveLastOut:
                SplitLast(log, options, parts);
                break;
            default:
                SplitByTime(log, options, parts);
                break;
        }

        if (Array.IndexOf(parts, SplitPart.Train) < 0)
        {
            throw new InvalidOptionException($"split: nothing is left to learn from {log.Count} interactions");
        }

        return new DataSplit(options, log, parts);
    }

    private static void LeaveOutSmallUsers(InteractionLog log, int least, SplitPart[] parts)
    {
        if (least <= 1)
        {
            return;
        }

        var histories = log.ToDataset(DuplicatePolicy.Max).Interactions;
        for (int e = 0; e < parts.Length; e++)
        {
            if (histories.RowLength(log.Users[e]) < least)
            {
                parts[e] = SplitPart.SmallUser;
            }
        }
    }

    private static void SplitStrong(InteractionLog log, SplitOptions options, SplitPart[] parts)
    {
        var places = Places(log, parts);
        int[] users = UsersByHash(log, options, places);
        int validation = Amount(options.ValidationUsers, users.Length);
        int test = Amount(options.TestUsers, users.Length);
        if (validation + (long)test >= users.Length)
        {
            throw new InvalidOptionException(
                $"split: {validation} validation and {test} test users leave none of {users.Length} to learn from");
        }

        var known = new bool[log.ItemIds.Count];
        foreach (int u in users.AsSpan(validation + test))
        {
            foreach (int e in places.Row(u))
            {
                known[log.Items[e]] = true;
            }
        }

        for (int n = 0; n < validation + test; n++)
        {
            bool isTest = n < test;
            var mine = new List<int>();
            foreach (int e in places.Row(users[n]))
            {
                if (known[log.Items[e]] || options.KeepColdItems)
                {
                    mine.Add(e);
                    parts[e] = isTest ? SplitPart.TestFoldIn : SplitPart.ValidationFoldIn;
                }
                else
                {
                    parts[e] = SplitPart.ColdItem;
                }
            }

            int heldOut = (int)(options.HeldOutFraction * mine.Count);
            foreach (int e in Shuffled(log, mine, options.Seed)[..heldOut])
            {
                parts[e] = isTest ? SplitPart.TestHeldOut : SplitPart.ValidationHeldOut;
            }
        }
    }

    private static void SplitWeak(InteractionLog log, SplitOptions options, SplitPart[] parts)
    {
        var places = Places(log, parts);
        int[] users = UsersByHash(log, options, places);
        foreach (int u in options.WeakUsers == 0 ? users : users.AsSpan(0, Math.Min(users.Length, Amount(options.WeakUsers, users.Length))))
        {
            var mine = places.Row(u);
            int test = (int)(options.TestFraction * mine.Length);
            int validation = (int)(options.ValidationFraction * mine.Length);
            if (test + validation > 0)
            {
                int[] shuffled = Shuffled(log, [.. mine], options.Seed);
                Mark(parts, shuffled.AsSpan(0, test), SplitPart.TestHeldOut);
                Mark(parts, shuffled.AsSpan(test, validation), SplitPart.ValidationHeldOut);
            }
        }

        LeaveOutColdItems(log, options, parts);
    }

    private static void SplitLast(InteractionLog log, SplitOptions options, SplitPart[] parts)
    {
        var places = Places(log, parts);
        for (int u = 0; u < places.Rows; u++)
        {
            int[] mine = places.Row(u).ToArray();
            if (log.HasTimes)
            {
                Array.Sort(Array.ConvertAll(mine, e => (log.Times[e], e)), mine);
            }

            int test = Math.Min(options.TestLast, Math.Max(0, mine.Length - 1));
            int validation = Math.Min(options.ValidationLast, Math.Max(0, mine.Length - 1 - test));
            Mark(parts, mine.AsSpan(mine.Length - test), SplitPart.TestHeldOut);
            Mark(parts, mine.AsSpan(mine.Length - test - validation, validation), SplitPart.ValidationHeldOut);
        }

        LeaveOutColdItems(log, options, parts);
    }

    private static void SplitByTime(InteractionLog log, SplitOptions options, SplitPart[] parts)
    {
        if (!log.HasTimes)
        {
            throw new InvalidOptionException("split: a temporal split needs interactions with times");
        }

        var times = log.Times;
        long[] sorted = [.. Enumerable.Range(0, log.Count).Where(e => parts[e] == SplitPart.Train).Select(e => log.Times[e]).Order()];
        long testFrom = options.TestFrom ?? From(options.TestFraction);
        long validationFrom = options.ValidationFrom
            ?? (options.TestFrom is null && options.ValidationFraction > 0 ? From(options.ValidationFraction + options.TestFraction) : testFrom);
        for (int e = 0; e < parts.Length; e++)
        {
            if (parts[e] == SplitPart.Train && times[e] >= validationFrom)
            {
                parts[e] = times[e] >= testFrom ? SplitPart.TestHeldOut : SplitPart.ValidationHeldOut;
            }
        }

        LeaveOutRepeats(log, parts);
        LeaveOutColdItems(log, options, parts);

        // All of one moment fall on the same side.
        long From(double fraction)
        {
            int before = sorted.Length - (int)Math.Round(fraction * sorted.Length);
            return before < sorted.Length ? sorted[before] : long.MaxValue;
        }
    }

    /// <summary>Of a pair in several parts only the first part counts.</summary>
    private static void LeaveOutRepeats(InteractionLog log, SplitPart[] parts)
    {
        int[] order = MatrixBuilder.OrderByPair(log);
        int first = -1;
        foreach (int e in order)
        {
            if (parts[e] == SplitPart.SmallUser)
            {
                continue;
            }

            if (first < 0 || log.Users[e] != log.Users[first] || log.Items[e] != log.Items[first])
            {
                first = e;
            }
            else if (parts[e] != parts[first])
            {
                parts[e] = SplitPart.Repeat;
            }
        }
    }

    private static void LeaveOutColdItems(InteractionLog log, SplitOptions options, SplitPart[] parts)
    {
        if (options.KeepColdItems)
        {
            return;
        }

        var known = new bool[log.ItemIds.Count];
        for (int e = 0; e < parts.Length; e++)
        {
            known[log.Items[e]] |= parts[e] == SplitPart.Train;
        }

        for (int e = 0; e < parts.Length; e++)
        {
            if (parts[e] is SplitPart.ValidationHeldOut or SplitPart.TestHeldOut && !known[log.Items[e]])
            {
                parts[e] = SplitPart.ColdItem;
            }
        }
    }

    /// <summary>The users who have interactions, in an order that depends on seed and ids alone.</summary>
    private static int[] UsersByHash(InteractionLog log, SplitOptions options, SparseMatrix places)
    {
        int[] users = [.. Enumerable.Range(0, log.UserIds.Count).Where(u => places.RowLength(u) > 0)];
        Array.Sort(Array.ConvertAll(users, u => IdBytes.StableHash(options.Seed, log.UserIds.Utf8(u))), users);
        return users;
    }

    /// <summary>The places in the log of each user's interactions, as the columns of a matrix.</summary>
    private static SparseMatrix Places(InteractionLog log, SplitPart[] parts)
    {
        var offsets = new long[log.UserIds.Count + 1];
        foreach (int e in Enumerable.Range(0, log.Count).Where(e => parts[e] == SplitPart.Train))
        {
            offsets[log.Users[e] + 1]++;
        }

        for (int u = 0; u < log.UserIds.Count; u++)
        {
            offsets[u + 1] += offsets[u];
        }

        long[] next = offsets[..^1];
        var places = new int[offsets[^1]];
        for (int e = 0; e < parts.Length; e++)
        {
            if (parts[e] == SplitPart.Train)
            {
                places[next[log.Users[e]]++] = e;
            }
        }

        return new SparseMatrix(log.UserIds.Count, log.Count, offsets, places);
    }

    /// <summary>Interactions of one user in an order that depends on seed, user and items alone.</summary>
    private static int[] Shuffled(InteractionLog log, List<int> places, ulong seed)
    {
        int[] shuffled = [.. places];
        if (shuffled.Length > 0)
        {
            ulong key = IdBytes.StableHash(seed, log.UserIds.Utf8(log.Users[shuffled[0]]));
            Array.Sort(Array.ConvertAll(shuffled, e => IdBytes.StableHash(key, log.ItemIds.Utf8(log.Items[e]))), shuffled);
        }

        return shuffled;
    }

    private static int Amount(double asked, int of) => asked < 1 ? (int)(asked * of) : (int)asked;

    private static void Mark(SplitPart[] parts, ReadOnlySpan<int> places, SplitPart part)
    {
        foreach (int e in places)
        {
            parts[e] = part;
        }
    }
}
