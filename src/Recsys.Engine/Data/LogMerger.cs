namespace Recsys.Engine.Data;

/// <summary>Merges the interactions of one pair into the first of them.</summary>
internal static class LogMerger
{
    public static InteractionLog Merge(InteractionLog log, DuplicatePolicy duplicates, out long merged)
    {
        // By user, item and time: the interactions of a pair are neighbours, the earliest first.
        int[] order = MatrixBuilder.OrderByPair(log);
        var users = log.Users;
        var items = log.Items;
        var weights = log.Weights;
        var isFirst = new bool[log.Count];
        var weightOf = new float[log.Count];
        int kept = 0;
        merged = 0;
        for (int at = 0; at < order.Length;)
        {
            int first = order[at];
            double weight = weights.IsEmpty ? 1 : weights[first];
            for (at++; at < order.Length && users[order[at]] == users[first] && items[order[at]] == items[first]; at++)
            {
                weight = MatrixBuilder.Combine(duplicates, weight, weights.IsEmpty ? 1 : weights[order[at]]);
                merged++;
            }

            weightOf[first] = MatrixBuilder.ToWeight(weight, log, first);
            isFirst[first] = weightOf[first] != 0;
            kept += isFirst[first] ? 1 : 0;
        }

        var userColumn = new int[kept];
        var itemColumn = new int[kept];
        var weightColumn = new float[kept];
        long[]? timeColumn = log.HasTimes ? new long[kept] : null;
        bool ones = true;
        int to = 0;
        for (int e = 0; e < log.Count; e++)
        {
            if (!isFirst[e])
            {
                continue;
            }

            userColumn[to] = users[e];
            itemColumn[to] = items[e];
            weightColumn[to] = weightOf[e];
            ones &= weightOf[e] == 1;
            if (timeColumn is not null)
            {
                timeColumn[to] = log.Times[e];
            }

            to++;
        }

        return new InteractionLog(log.UserIds, log.ItemIds, userColumn, itemColumn, ones ? null : weightColumn, timeColumn) { Name = log.Name };
    }
}
