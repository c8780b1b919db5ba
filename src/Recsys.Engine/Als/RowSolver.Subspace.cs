using System.Runtime.CompilerServices;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Als;

internal sealed unsafe partial class RowSolver<TOps, TVector>
{
    /// <summary>
    /// One Newton step on each block of coordinates in turn (iALS++, Rendle et al. 2021b), scores kept current: for block b
    /// (I + δM_bb + Σ e r_b r_bᵀ) s = z_b + δ(M z)_b + Σ (e·score − t) r_b, z_b −= s. Rows whose dual system is cheaper than
    /// that are solved exactly.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SolveBySubspaces(in RowSystem system, float* z, PartitionRows data, int row)
    {
        if (PrefersDual(system))
        {
            SolveDual(system, z, data, row);
            RowSweep<TOps, TVector>.Dots(system.Rows, system.Count, _k, z, system.Scores);
            return;
        }

        int n = system.Count;
        int size = Math.Min(_k, (_options.SubspaceSize + 15) & ~15);
        float* a = _normal.Pointer;
        float* step = _vectors.Pointer + _k;
        RowSweep<TOps, TVector>.Dots(system.Rows, n, _k, z, system.Scores);
        for (int from = 0; from < _k; from += size)
        {
            int width = Math.Min(size, _k - from);
            if (from > 0)
            {
                AdvancePointers(system, size);
            }

            for (int i = 0; i < n; i++)
            {
                system.Steps[i] = (system.Excess[i] * system.Scores[i]) - system.Target[i];
            }

            new Span<float>(z + from, width).CopyTo(new Span<float>(step, width));
            RowSweep<TOps, TVector>.Sum(system.Rows, n, width, system.Steps, step);
            for (int c = 0; system.ExtraRidge != 0 && c < width; c++)
            {
                step[c] += system.ExtraRidge * system.IdentityImage[from + c] * z[from + c];
            }

            StartNormal(system, a, from, width);
            AddInteractions(system, a, 0, width);
            FactorAndSolve(a, width, step, data, row);
            RowSweep<TOps, TVector>.Axpy(step, width, -1, z + from);
            RowSweep<TOps, TVector>.Dots(system.Rows, n, width, step, system.Steps);
            for (int i = 0; i < n; i++)
            {
                system.Scores[i] -= system.Steps[i];
            }
        }
    }

    private static void AdvancePointers(in RowSystem system, int by)
    {
        for (int i = 0; i < system.Count; i++)
        {
            system.Rows[i] += by;
        }
    }
}
