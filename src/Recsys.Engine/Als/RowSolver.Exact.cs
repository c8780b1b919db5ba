using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Als;

internal sealed unsafe partial class RowSolver<TOps, TVector>
{
    private const int GatherRows = 48;

    // Below this excess confidence the dual system, which divides by its root, would lose digits.
    private const float MinDualExcess = 1e-3f;

    private void SolveExactly(in RowSystem system, float* z, PartitionRows data, int row)
    {
        if (PrefersDual(system))
        {
            SolveDual(system, z, data, row);
        }
        else
        {
            SolvePrimal(system, z, data, row);
        }
    }

    /// <summary>Whether n unknowns are cheaper than k, and possible.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool PrefersDual(in RowSystem system)
    {
        if (system.Count > ((_k * 3 / 4) & ~15))
        {
            return false;
        }

        for (int i = 0; i < system.Count; i++)
        {
            if (!(system.Excess[i] >= MinDualExcess))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>k unknowns: A = I + δM + Σ e r rᵀ from rows gathered in pieces and scaled by √e, then Cholesky.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SolvePrimal(in RowSystem system, float* z, PartitionRows data, int row)
    {
        float* a = _normal.Pointer;
        StartNormal(system, a, 0, _k);
        Clear(z, _k);
        AddInteractions(system, a, 0, _k, z);
        FactorAndSolve(a, _k, z, data, row);
    }

    /// <summary>a = (I + δM) restricted to coordinates [from, from + size).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StartNormal(in RowSystem system, float* a, int from, int size)
    {
        for (int i = 0; i < size; i++)
        {
            float* row = a + ((nint)i * _stride);
            Clear(row, size);
            row[i] = system.ExtraRidge != 0 ? 1 + (system.ExtraRidge * system.IdentityImage[from + i]) : 1;
        }
    }

    /// <summary>
    /// a += Σ e r rᵀ restricted to coordinates [from, from + size) and, where it is given, sum += Σ t r.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddInteractions(in RowSystem system, float* a, int from, int size, float* sum = null)
    {
        float* gathered = _gathered.Pointer;
        for (int start = 0; start < system.Count; start += GatherRows)
        {
            int count = Math.Min(GatherRows, system.Count - start);
            for (int h = 0; h < count; h++)
            {
                Scale(system.Rows[start + h] + from, size, MathF.Sqrt(system.Excess[start + h]), gathered + ((nint)h * _stride));
            }

            if (sum is not null)
            {
                RowSweep<TOps, TVector>.Sum(system.Rows + start, count, size, system.Target + start, sum);
            }

            // The next rows come from memory while these are multiplied.
            int next = start + count;
            PrefetchRows(system.Rows + next, Math.Min(GatherRows, system.Count - next), from, size);
            RankUpdate<TOps, TVector>.Add(a, _stride, size, gathered, _stride, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchRows(float** rows, int count, int from, int size)
    {
        if (Sse.IsSupported)
        {
            for (int i = 0; i < count; i++)
            {
                for (int c = from; c < from + size; c += 16)
                {
                    Sse.Prefetch1(rows[i] + c);
                }
            }
        }
    }

    private void FactorAndSolve(float* a, int size, float* x, PartitionRows data, int row)
    {
        float* inverseDiagonal = _vectors.Pointer;
        int failed = SmallCholesky<TOps, TVector>.Factor(a, _stride, size, inverseDiagonal);
        if (failed >= 0)
        {
            throw new NotPositiveDefiniteException(
                failed, a[(failed * _stride) + failed], $"ALS: the system of {data.Kind} '{data.Id(row)}'");
        }

        SmallCholesky<TOps, TVector>.Solve(a, _stride, size, inverseDiagonal, x);
    }

    /// <summary>
    /// n unknowns: with V the rows √e r and D = I + δM, z = D⁻¹Vᵀ (I + V D⁻¹ Vᵀ)⁻¹ s, s = t/√e (Sherman, Morrison, Woodbury).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SolveDual(in RowSystem system, float* z, PartitionRows data, int row)
    {
        int n = system.Count;
        int size = (n + 15) & ~15;
        float* a = _normal.Pointer;
        float* transposed = _gathered.Pointer;
        float* s = system.Steps;
        for (int i = 0; i < size; i++)
        {
            float* to = a + ((nint)i * _stride);
            Clear(to, size);
            to[i] = 1;
        }

        for (int i = 0; i < n; i++)
        {
            float root = MathF.Sqrt(system.Excess[i]);
            system.Scores[i] = root;
            s[i] = system.Target[i] / root;
        }

        for (int i = n; i < size; i++)
        {
            s[i] = 0;
        }

        GatherTransposed<TOps, TVector>.Copy(system.Rows, system.Scores, n, _k, transposed, _stride);
        float* shrink = _vectors.Pointer + _k;
        if (system.ExtraRidge != 0)
        {
            for (int c = 0; c < _k; c++)
            {
                shrink[c] = 1 / (1 + (system.ExtraRidge * system.IdentityImage[c]));
                float* column = transposed + ((nint)c * _stride);
                Scale(column, size, MathF.Sqrt(shrink[c]), column);
            }
        }

        RankUpdate<TOps, TVector>.Add(a, _stride, size, transposed, _stride, _k);
        FactorAndSolve(a, size, s, data, row);
        for (int i = 0; i < n; i++)
        {
            s[i] *= system.Scores[i];
        }

        Clear(z, _k);
        RowSweep<TOps, TVector>.Sum(system.Rows, n, _k, s, z);
        if (system.ExtraRidge != 0)
        {
            for (int c = 0; c < _k; c += TOps.Lanes)
            {
                TOps.Store(TOps.Multiply(TOps.Load(z + c), TOps.Load(shrink + c)), z + c);
            }
        }
    }

    private static void Scale(float* from, int count, float factor, float* to)
    {
        var f = TOps.Broadcast(factor);
        for (int c = 0; c < count; c += TOps.Lanes)
        {
            TOps.Store(TOps.Multiply(f, TOps.Load(from + c)), to + c);
        }
    }
}
