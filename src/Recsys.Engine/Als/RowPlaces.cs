using Recsys.Engine.Data;

namespace Recsys.Engine.Als;

/// <summary>
/// Places the rows of both sides on a line so that users lie near the items they interact with: most of what a stretch of users
/// needs of the items is then in few stretches of items, and a process that has both need not be sent it.
/// </summary>
/// <remarks>
/// The second eigenvector of the random walk between users and items, by power iteration (spectral co-clustering; Dhillon, KDD 2001, §4): users
/// and items in turn are put at the mean of what they interact with. It begins with two popular items that hardly anybody has in common,
/// whose users are put at the two ends. Before each turn places are centred and bent into (−1, 1), so
/// that few far rows do not take the whole line. All in integers: sums do not depend on the order of interactions.
/// </remarks>
internal static class RowPlaces
{
    private const int One = 1 << 24;

    // What has to move between parts of several data sets falls no more by further turns, other bends, or more items to choose the ends from.
    private const int Turns = 6;
    private const int Bend = 4;
    private const int Popular = 200;

    /// <summary>The place of each user and of each item, by dense index.</summary>
    /// <param name="users">Items of each user.</param>
    /// <param name="items">Users of each item.</param>
    /// <param name="itemIds">The items' ids, by which equally popular ones are told apart.</param>
    public static (int[] Users, int[] Items) Of(SparseMatrix users, SparseMatrix items, IdTable itemIds)
    {
        int[] userPlaces = Ends(items, itemIds, users.Rows);
        var itemPlaces = new int[items.Rows];
        for (int turn = 0; turn < Turns; turn++)
        {
            Spread(users, userPlaces);
            PutAtMeans(items, userPlaces, itemPlaces);
            PutAtMeans(users, itemPlaces, userPlaces);
        }

        return (userPlaces, itemPlaces);
    }

    /// <summary>The users of the most popular item at one end, those of the popular item which the fewest of them share at the other, the rest between.</summary>
    private static int[] Ends(SparseMatrix items, IdTable itemIds, int users)
    {
        var places = new int[users];
        int[] popular =
        [
            .. Enumerable.Range(0, items.Rows)
                .OrderByDescending(i => items.Row(i).Length)
                .ThenBy(i => VirtualBlocks.Hash(itemIds.Utf8(i)))
                .ThenBy(i => itemIds[i], StringComparer.Ordinal)
                .Take(Popular),
        ];
        if (popular.Length > 0)
        {
            Move(popular[0], One);
            Move(popular.Skip(1).OrderBy(Shared).FirstOrDefault(popular[0]), -One);
        }

        return places;

        void Move(int item, int by)
        {
            foreach (int user in items.Row(item))
            {
                places[user] += by;
            }
        }

        double Shared(int item)
        {
            int shared = 0;
            foreach (int user in items.Row(item))
            {
                shared += places[user] != 0 ? 1 : 0;
            }

            return shared / Math.Max(1.0, items.Row(item).Length);
        }
    }

    /// <summary>Centres places, by interactions, and spreads them over (−1, 1).</summary>
    private static void Spread(SparseMatrix users, int[] places)
    {
        long sum = 0;
        for (int u = 0; u < places.Length; u++)
        {
            sum += (long)places[u] * users.Row(u).Length;
        }

        long interactions = Math.Max(1, users.Count);
        int mean = (int)(sum / interactions);
        long deviation = 0;
        for (int u = 0; u < places.Length; u++)
        {
            deviation += Math.Abs((long)places[u] - mean) * users.Row(u).Length;
        }

        long half = (deviation / interactions * Bend) + 1;
        for (int u = 0; u < places.Length; u++)
        {
            long away = (long)places[u] - mean;
            places[u] = (int)(away * One / (half + Math.Abs(away)));
        }
    }

    private static void PutAtMeans(SparseMatrix rows, int[] columnPlaces, int[] places)
    {
        for (int r = 0; r < places.Length; r++)
        {
            var columns = rows.Row(r);
            long sum = 0;
            foreach (int c in columns)
            {
                sum += columnPlaces[c];
            }

            places[r] = columns.Length == 0 ? 0 : (int)(sum / columns.Length);
        }
    }
}
