using System.Runtime.CompilerServices;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Als;

internal sealed unsafe partial class RowSolver<TOps, TVector>
{
    /// <summary>
    /// A few steps from z. In the whitened basis the part of the matrix that all rows share is the identity, which is the
    /// same as preconditioning with it: a step costs two products with the row's own interactions and nothing of order k².
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SolveByConjugateGradients(in RowSystem system, float* z)
    {
        int n = system.Count;
        float* residual = _vectors.Pointer + _k;
        float* direction = residual + _k;
        float* image = direction + _k;

        // residual = Σ (t − e s) r − z − δ M z
        Clear(residual, _k);
        RowSweep<TOps, TVector>.Apply(system.Rows, n, _k, z, system.Target, system.Excess, system.Scores, residual);
        RowSweep<TOps, TVector>.Axpy(z, _k, -1, residual);
        SubtractIdentityImage(system, z, residual);
        Copy(residual, direction);
        float norm = RowSweep<TOps, TVector>.Dot(residual, _k, residual);
        for (int step = 0; step < _options.CgSteps && norm > 1e-30f; step++)
        {
            // image = −A direction
            Clear(image, _k);
            RowSweep<TOps, TVector>.Apply(system.Rows, n, _k, direction, null, system.Excess, system.Steps, image);
            RowSweep<TOps, TVector>.Axpy(direction, _k, -1, image);
            SubtractIdentityImage(system, direction, image);
            float length = -norm / RowSweep<TOps, TVector>.Dot(direction, _k, image);
            RowSweep<TOps, TVector>.Axpy(direction, _k, length, z);
            RowSweep<TOps, TVector>.Axpy(image, _k, length, residual);
            for (int i = 0; i < n; i++)
            {
                system.Scores[i] += length * system.Steps[i];
            }

            float next = RowSweep<TOps, TVector>.Dot(residual, _k, residual);
            float ratio = next / norm;
            norm = next;
            ScaleAndAdd(direction, ratio, residual);
        }
    }

    /// <summary>y −= δ M x.</summary>
    private void SubtractIdentityImage(in RowSystem system, float* x, float* y)
    {
        if (system.ExtraRidge == 0)
        {
            return;
        }

        var ridge = TOps.Broadcast(-system.ExtraRidge);
        for (int c = 0; c < _k; c += TOps.Lanes)
        {
            var image = TOps.Multiply(ridge, TOps.Load(system.IdentityImage + c));
            TOps.Store(TOps.MultiplyAdd(image, TOps.Load(x + c), TOps.Load(y + c)), y + c);
        }
    }

    private void Copy(float* from, float* to) => new Span<float>(from, _k).CopyTo(new Span<float>(to, _k));

    /// <summary>x = factor · x + y.</summary>
    private void ScaleAndAdd(float* x, float factor, float* y)
    {
        var f = TOps.Broadcast(factor);
        for (int c = 0; c < _k; c += TOps.Lanes)
        {
            TOps.Store(TOps.MultiplyAdd(f, TOps.Load(x + c), TOps.Load(y + c)), x + c);
        }
    }
}
