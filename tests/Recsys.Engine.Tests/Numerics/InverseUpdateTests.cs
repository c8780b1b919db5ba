using FsCheck;
using FsCheck.Fluent;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Tests.Numerics;

public sealed class InverseUpdateTests
{
    private static readonly SimdLevel[] Levels = Enum.GetValues<SimdLevel>();

    [Theory]
    [InlineData(17, 1, 1)]
    [InlineData(63, 3, 0)]
    [InlineData(257, 0, 4)]
    [InlineData(500, 20, 20)]
    [InlineData(300, 250, 200)]
    public void The_update_equals_inverting_anew(int n, int added, int removed)
    {
        var removedRows = Rows(removed, n, 1);
        var addedRows = Rows(added, n, 2);
        using var before = Gram(n, removedRows, 50);
        using var after = Gram(n, addedRows, 50);
        using var pool = new ComputePool(2);
        SpdInverse.Invert(before, pool);
        SpdInverse.Invert(after, pool);
        var expected = Oracle.ToDouble(after);
        foreach (var level in Levels)
        {
            using var p = Oracle.Copy(before);
            InverseUpdate.Apply(p, addedRows, removedRows, pool, level);
            Assert.InRange(Oracle.RelativeError(expected, p), 0, 1e-5);
            for (int i = 0; i < n; i++)
            {
                for (int j = 0; j < i; j++)
                {
                    if (p[i, j] != p[j, i])
                    {
                        Assert.Fail($"({i}, {j}) is {p[i, j]} and {p[j, i]}");
                    }
                }
            }
        }
    }

    [Fact]
    public void Adding_rows_and_removing_them_again_leads_back()
    {
        Prop.ForAll(Gen.Choose(1, 90).Two().ToArbitrary(), pair =>
        {
            var (n, rows) = pair;
            var changed = Rows(rows, n, n);
            var none = Rows(0, n, 0);
            using var pool = new ComputePool(1);
            using var p = Gram(n, Rows(30, n, 9), 20);
            SpdInverse.Invert(p, pool);
            var before = Oracle.ToDouble(p);
            InverseUpdate.Apply(p, changed, none, pool);
            InverseUpdate.Apply(p, none, changed, pool);

            // Removing magnifies rounding by as much as the rows had grown the matrix.
            double growth = Enumerable.Range(0, rows).Sum(row => changed.RowValues(row).ToArray().Sum(v => v * v)) / 20;
            Assert.InRange(Oracle.RelativeError(before, p), 0, 1e-6 * (1 + growth));
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public void The_bits_do_not_depend_on_the_threads(int threads)
    {
        var added = Rows(5, 600, 1);
        var removed = Rows(0, 600, 1);
        using var single = new ComputePool(1);
        using var team = new ComputePool(threads);
        using var one = Gram(600, Rows(20, 600, 4), 10);
        SpdInverse.Invert(one, single);
        using var many = Oracle.Copy(one);
        InverseUpdate.Apply(one, added, removed, single);
        InverseUpdate.Apply(many, added, removed, team);
        Assert.True(one.Buffer.AsSpan().SequenceEqual(many.Buffer.AsSpan()));
    }

    [Fact]
    public void Removing_what_never_was_there_is_refused_and_changes_nothing()
    {
        using var pool = new ComputePool(1);
        using var p = Gram(40, Rows(0, 40, 1), 0.5);
        SpdInverse.Invert(p, pool);
        using var before = Oracle.Copy(p);
        Assert.Throws<NotPositiveDefiniteException>(() => InverseUpdate.Apply(p, Rows(0, 40, 0), Rows(3, 40, 1), pool));
        Assert.True(before.Buffer.AsSpan().SequenceEqual(p.Buffer.AsSpan()));
        Assert.Throws<RecsysException>(() => InverseUpdate.Apply(p, Rows(1, 41, 0), Rows(1, 40, 0), pool));
    }

    private static SparseMatrix Rows(int rows, int columns, int seed)
    {
        var random = new Random(seed);
        var offsets = new long[rows + 1];
        var items = new List<int>();
        var values = new List<float>();
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                if (random.Next(columns) < 12)
                {
                    items.Add(column);
                    values.Add(1 + random.Next(3));
                }
            }

            offsets[row + 1] = items.Count;
        }

        return new SparseMatrix(rows, columns, offsets, [.. items], [.. values]);
    }

    private static DenseMatrix Gram(int n, SparseMatrix rows, double lambda)
    {
        var gram = new DenseMatrix(n, n);
        for (int i = 0; i < n; i++)
        {
            gram[i, i] = (float)lambda;
        }

        for (int row = 0; row < rows.Rows; row++)
        {
            var items = rows.Row(row);
            var values = rows.RowValues(row);
            for (int e = 0; e < items.Length; e++)
            {
                for (int f = 0; f < items.Length; f++)
                {
                    gram[items[e], items[f]] += values[e] * values[f];
                }
            }
        }

        return gram;
    }
}
