using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Serialization;
using Recsys.Engine;
using Recsys.Engine.Als;
using Recsys.Engine.Ease;
using Recsys.Engine.Ease.Distributed;
using Recsys.Engine.Numerics;
using Recsys.Grains.Placement;
using Recsys.Grains.Training;
using Recsys.Grains.Wire;

namespace Recsys.Cluster.Tests.Training;

public sealed class WireTests
{
    private static readonly Serializer Serializer =
        new ServiceCollection().AddSerializer(b => b.AddAssembly(typeof(IFactorPartitionGrain).Assembly)).AddRecsysWire().BuildServiceProvider().GetRequiredService<Serializer>();

    [Fact]
    public void Blocks_and_grams_come_over_the_wire_as_they_are()
    {
        var rows = new DenseMatrix(5, 7);
        for (int r = 0; r < 5; r++)
        {
            for (int c = 0; c < 7; c++)
            {
                rows[r, c] = (r * 10) + c + 0.1f;
            }
        }

        var gram = new GramMatrix(2, [1, 2, 3, float.NaN]);
        var sent = new FactorAnswer
        {
            Done = true,
            Silo = "here",
            Received = 12,
            Report = new HalfEpochReport(3, [1.5, double.MinValue], [0, 2]),
            Grams = [new GramPart(1, 2, gram), new GramPart(0, 1, gram)],
        };
        var answer = Pass(sent);
        Assert.Equal((true, "here", 12L), (answer.Done, answer.Silo, answer.Received));
        Assert.Equal((3, 1.5, double.MinValue, 2), (answer.Report!.FirstBlock, answer.Report.DataLoss[0], answer.Report.DataLoss[1], answer.Report.Penalty[1]));
        Assert.Equal([(1, 2), (0, 1)], answer.Grams!.Select(g => (g.Level, g.Index)));
        Assert.All(answer.Grams!, g => Assert.Equal(gram.Values.ToArray(), g.Gram.Values.ToArray()));

        Assert.Equal("lost", Pass(sent with { Behind = "lost" }).Behind);
        Assert.Null(Pass(new FactorRows(null, "there")).Rows);
        var block = Pass(new FactorRows(FactorBlock.Own(9, 63, 2, rows), "there")).Rows!;
        Assert.Equal((9, 63, 2, 5, 7), (block.Phase, block.Block, block.FirstRow, block.Rows, block.Factors));
        for (int r = 0; r < 5; r++)
        {
            Assert.True(rows.Row(r).SequenceEqual(block.Row(r)));
        }

        Assert.Equal(0, Pass(FactorBlock.Own(1, 2, 3, new DenseMatrix(0, 7))).Rows);
    }

    [Fact]
    public void Plan_step_and_report_of_EASE_come_over_the_wire_whole()
    {
        // Every option differs from its default: one that is forgotten on the way shows.
        var options = new EaseOptions
        {
            Regularization = 3.5,
            RegularizationExponent = 0.25,
            Dropout = 0.125,
            NonNegative = NonNegativeMode.Clip,
            Density = 0.5,
        };
        foreach (var property in typeof(EaseOptions).GetProperties().Where(p => p.Name is not (nameof(EaseOptions.Threads) or nameof(EaseOptions.Partitions))))
        {
            Assert.NotEqual(property.GetValue(new EaseOptions()), property.GetValue(options));
        }

        var plan = new EasePlan("t", 1, 2, 3, 48, options) { VectorBits = 128 };
        Assert.Equal(plan, Pass(plan));
        var step = new EaseStep("t", 2, EasePhase.Save, 9);
        Assert.Equal(step, Pass(step));
        var report = new EaseReport(1, "t", 2, EaseStage.Exchanged, 3, true)
        {
            Failure = new EaseFailure("no", true, 7, -0.5),
            Checkpoints = [1, 5],
            Costs = new EaseCosts(1, 2, 3, 4, 5, 6),
        };
        var passed = Pass(report);
        Assert.Equal([1, 5], passed.Checkpoints);
        Assert.Equal(report, passed with { Checkpoints = report.Checkpoints });
        var block = Pass(PanelBlock.Copy(3, 2, 2, [1, 2, 3, 4]));
        Assert.Equal((3, 2, 2, 16L), (block.First, block.Rows, block.Columns, block.Bytes));
        Assert.Equal([1f, 2, 3, 4], block.ToArray());
    }

    [Fact]
    public void Of_a_block_the_rows_that_were_asked_for_travel_and_lie_where_they_were()
    {
        var matrix = new DenseMatrix(130, 5);
        for (int r = 0; r < matrix.Rows; r++)
        {
            matrix.Row(r).Fill(r + 0.5f);
        }

        var wanted = new RowSelection([1UL << 3, 1, 2]);
        Assert.Equal(wanted.Rows, Pass(wanted).Rows);
        byte[] bytes = Serializer.SerializeToArray(FactorBlock.Own(7, 2, 1, matrix, wanted));
        Assert.InRange(bytes.Length, 3 * 5 * 4, 150);
        var block = Serializer.Deserialize<FactorBlock>(bytes);
        Assert.Equal((7, 2, 1, 130, 5), (block.Phase, block.Block, block.FirstRow, block.Rows, block.Factors));
        Assert.Equal([3, 64, 129], block.Wanted!.Rows.ToArray());
        Assert.All(block.Wanted.Rows.ToArray(), r => Assert.Equal(matrix.Row(r), block.Row(r)));

        // A selection of other rows than came is refused.
        int at = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[8, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
        foreach (var (place, lie) in new[] { (at, (byte)9), (at + 16, (byte)4), (at - 4, (byte)4), (at - 8, (byte)200), (at - 8, (byte)2) })
        {
            byte[] altered = [.. bytes];
            altered[place] = lie;
            Assert.Throws<RecsysException>(() => Serializer.Deserialize<FactorBlock>(altered));
        }
    }

    [Fact]
    public void A_block_too_large_for_a_message_is_refused_with_its_size()
    {
        var error = Assert.Throws<RecsysException>(() => Serializer.SerializeToArray(FactorBlock.Own(1, 2, 3, new DenseMatrix(9000, 1024))));
        Assert.Contains("9000 × 1024", error.Message);
    }

    [Fact]
    public void A_block_that_lies_about_its_size_is_refused()
    {
        byte[] bytes = Serializer.SerializeToArray(FactorBlock.Own(1, 2, 3, new DenseMatrix(4, 4)));
        int at = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[4, 0, 0, 0, 4, 0, 0, 0]);
        foreach (byte[] lie in (byte[][])[[5, 0, 0, 0, 4, 0, 0, 0], [255, 255, 255, 255, 4, 0, 0, 0], [255, 255, 255, 127, 255, 255, 255, 127]])
        {
            byte[] altered = [.. bytes];
            lie.CopyTo(altered, at);
            Assert.Throws<RecsysException>(() => Serializer.Deserialize<FactorBlock>(altered));
        }
    }

    [Theory]
    [InlineData("aaaaaa", "ab", 3)]
    [InlineData("aabbcc", "abc", 0)]
    [InlineData("aaabbb", "abc", 2)]
    [InlineData("aabbcc", "ab", 2)]
    [InlineData("??????", "abc", 6)]
    [InlineData("aaaabbb", "abc", 2)]
    [InlineData("xyxyxyx", "abcd", 7)]
    public void Partitions_are_dealt_out_evenly_and_few_move(string now, string places, int moves)
    {
        string?[] current = [.. now.Select(c => c == '?' ? null : c.ToString())];
        string[] assigned = Assign(current, [.. places.Select(c => c.ToString())]);
        var shares = places.Select(p => assigned.Count(a => a == p.ToString())).ToList();
        Assert.InRange(shares.Max() - shares.Min(), 0, 1);
        Assert.Equal(now.Length, shares.Sum());
        Assert.Equal(moves, assigned.Where((a, i) => a != current[i]).Count());
    }

    [Fact]
    public void Partitions_that_follow_one_another_come_to_the_same_place()
    {
        Assert.Equal("aaabbbcc", string.Concat(Assign(new string?[8], ["a", "b", "c"])));
        Assert.Equal("aabbbbaa", string.Concat(Assign(["a", "a", "b", "b", null, null, null, null], ["b", "a"])));
    }

    private static string[] Assign(string?[] current, string[] places) => PartitionSpread.Assign(current, places);

    [Fact]
    public void An_error_whose_cause_is_the_database_arrives()
    {
        var error = Pass<Exception>(new RecsysException("PostgreSQL: blob 'a': gone", new Npgsql.NpgsqlException("gone", new IOException("reset"))));
        Assert.Equal("PostgreSQL: blob 'a': gone", Assert.IsType<RecsysException>(error).Message);
        Assert.Equal("gone", error.InnerException!.Message);
        Assert.Equal("empty", Assert.IsType<PartitionUnreachableException>(Pass<Exception>(new PartitionUnreachableException("empty"))).Message);
        Assert.Contains("too many", Pass<Exception>(new RecsysException("x", new Npgsql.PostgresException("too many", "FATAL", "FATAL", "53300"))).InnerException!.Message);
    }

    private static T Pass<T>(T value) => Serializer.Deserialize<T>(Serializer.SerializeToArray(value));
}
