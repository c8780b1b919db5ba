using System.Numerics;
using System.Runtime.InteropServices;
using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Ease;

/// <summary>
/// One rank-2r step of Woodbury's identity. A row that goes from x₀ to x = x₀ + Δ changes G by
/// x xᵀ − x₀ x₀ᵀ = [x₀ Δ] S [x₀ Δ]ᵀ with S = (0 1; 1 1); a new row by x xᵀ, an erased one by −x₀ x₀ᵀ. With all these columns in U
/// and T = UᵀP: P ← P − Tᵀ (S⁻¹ + T U)⁻¹ T. Writing the change as x₀ and Δ, and not as x and x₀, which are nearly the
/// same, keeps float32 from cancelling.
/// </summary>
internal sealed class StreamingStep : IDisposable
{
    private readonly DenseMatrix _projected;
    private readonly DenseMatrix _solved;
    private readonly int _items;

    private StreamingStep(DenseMatrix projected, DenseMatrix solved, int items)
    {
        _projected = projected;
        _solved = solved;
        _items = items;
    }

    /// <summary>T.</summary>
    public MatrixView Projected => ((MatrixView)_projected).Slice(0, 0, _projected.Rows, _items);

    /// <summary>Z = (S⁻¹ + T U)⁻¹ T.</summary>
    public MatrixView Solved => ((MatrixView)_solved).Slice(0, 0, _solved.Rows, _items);

    /// <summary>Prepares the step; null where the small system is singular, i.e. P no longer the inverse.</summary>
    public static StreamingStep? Prepare(
        DenseMatrix p, int items, ReadOnlySpan<(StreamingRow Before, StreamingRow After)> changes, ComputePool pool)
    {
        var (columns, signs) = Columns(changes);
        int rank = columns.Count;
        var projected = new DenseMatrix(rank, p.Columns);
        try
        {
            pool.Run(rank, (_, r) => RowSumScorer.Score(p, columns[r].Items, columns[r].Weights, projected.Row(r)));
            using var core = InvertCore(projected, columns, signs, pool);
            if (core is null)
            {
                projected.Dispose();
                return null;
            }

            var solved = new DenseMatrix(rank, p.Columns);
            Gemm.Multiply(
                1, core, ((MatrixView)projected).Slice(0, 0, rank, items), 0, ((MatrixView)solved).Slice(0, 0, rank, items), pool);
            return new StreamingStep(projected, solved, items);
        }
        catch
        {
            projected.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _projected.Dispose();
        _solved.Dispose();
    }

    // Sign 0 marks the first of a pair x₀, Δ.
    private static (List<StreamingRow> Columns, List<int> Signs) Columns(ReadOnlySpan<(StreamingRow Before, StreamingRow After)> changes)
    {
        var columns = new List<StreamingRow>(2 * changes.Length);
        var signs = new List<int>(2 * changes.Length);
        foreach (var (before, after) in changes)
        {
            if (before.Items.Length == 0 || after.Items.Length == 0)
            {
                columns.Add(before.Items.Length == 0 ? after : before);
                signs.Add(before.Items.Length == 0 ? 1 : -1);
            }
            else
            {
                columns.Add(before);
                signs.Add(0);
                columns.Add(before.ChangeTo(after));
                signs.Add(2);
            }
        }

        return (columns, signs);
    }

    private static DenseMatrix? InvertCore(DenseMatrix projected, List<StreamingRow> columns, List<int> signs, ComputePool pool)
    {
        int rank = columns.Count;
        var m = new double[rank][];
        pool.Run(
            rank,
            (_, r) =>
            {
                var row = m[r] = new double[rank];
                var t = projected.Row(r);
                for (int c = 0; c < rank; c++)
                {
                    var items = columns[c].Items;
                    var weights = columns[c].Weights;
                    double sum = 0;
                    for (int e = 0; e < items.Length; e++)
                    {
                        sum += t[items[e]] * (double)weights[e];
                    }

                    row[c] = sum;
                }
            });
        for (int r = 0; r < rank; r++)
        {
            for (int c = 0; c < r; c++)
            {
                m[r][c] = m[c][r] = (m[r][c] + m[c][r]) / 2;
            }
        }

        for (int r = 0; r < rank; r++)
        {
            switch (signs[r])
            {
                case 0: // S⁻¹ of a pair is (−1 1; 1 0)
                    m[r][r] -= 1;
                    m[r][r + 1] += 1;
                    m[r + 1][r] += 1;
                    break;
                case 1:
                case -1:
                    m[r][r] += signs[r];
                    break;
                default:
                    break;
            }
        }

        if (!Invert(m))
        {
            return null;
        }

        var core = new DenseMatrix(rank, rank);
        for (int r = 0; r < rank; r++)
        {
            for (int c = 0; c < rank; c++)
            {
                core[r, c] = (float)((m[r][c] + m[c][r]) / 2);
            }
        }

        return core;
    }

    // Gauss–Jordan with row exchanges, in double: the matrix is indefinite.
    private static bool Invert(double[][] m)
    {
        int n = m.Length;
        var exchanged = new int[n];
        for (int pivot = 0; pivot < n; pivot++)
        {
            int best = pivot;
            for (int r = pivot + 1; r < n; r++)
            {
                best = Math.Abs(m[r][pivot]) > Math.Abs(m[best][pivot]) ? r : best;
            }

            exchanged[pivot] = best;
            (m[pivot], m[best]) = (m[best], m[pivot]);
            double d = m[pivot][pivot];
            if (!double.IsFinite(d) || Math.Abs(d) < 1e-9)
            {
                return false;
            }

            m[pivot][pivot] = 1;
            Scale(m[pivot], 1 / d);
            for (int r = 0; r < n; r++)
            {
                double factor = m[r][pivot];
                if (r != pivot && factor != 0)
                {
                    m[r][pivot] = 0;
                    Subtract(m[r], factor, m[pivot]);
                }
            }
        }

        // Rows exchanged on the way in are columns exchanged on the way out.
        for (int pivot = n - 1; pivot >= 0; pivot--)
        {
            if (exchanged[pivot] != pivot)
            {
                foreach (double[] row in m)
                {
                    (row[pivot], row[exchanged[pivot]]) = (row[exchanged[pivot]], row[pivot]);
                }
            }
        }

        return true;
    }

    private static void Scale(double[] row, double factor)
    {
        for (int c = 0; c < row.Length; c++)
        {
            row[c] *= factor;
        }
    }

    private static void Subtract(double[] row, double factor, double[] other)
    {
        var target = MemoryMarshal.Cast<double, Vector<double>>(row.AsSpan());
        var source = MemoryMarshal.Cast<double, Vector<double>>(other.AsSpan());
        var scale = new Vector<double>(factor);
        for (int v = 0; v < target.Length; v++)
        {
            target[v] -= scale * source[v];
        }

        for (int c = target.Length * Vector<double>.Count; c < row.Length; c++)
        {
            row[c] -= factor * other[c];
        }
    }
}
