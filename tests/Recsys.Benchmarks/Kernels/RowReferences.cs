using Recsys.Engine.Numerics;

namespace Recsys.Benchmarks.Kernels;

/// <summary>Other ways to solve one row's normal equations, to compare with: OpenBLAS on gathered rows, and plain C#.</summary>
internal sealed unsafe class RowReferences : IDisposable
{
    private readonly int _k;
    private readonly NativeBuffer<float> _gathered;
    private readonly NativeBuffer<float> _normal;
    private readonly NativeBuffer<float> _x;

    public RowReferences(int k, int longest)
    {
        _k = k;
        _gathered = new NativeBuffer<float>((long)k * longest);
        _normal = new NativeBuffer<float>(k * k);
        _x = new NativeBuffer<float>(k);
    }

    public ReadOnlySpan<float> Solution => _x.AsSpan();

    /// <summary>Gather scaled by √e, ssyrk onto a copy of the shared part, spotrf, spotrs. The right-hand side on the way.</summary>
    public void SolveByOpenBlas(DenseMatrix factors, ReadOnlySpan<int> columns, float excess, float target, NativeBuffer<float> shared)
    {
        int k = _k;
        float root = MathF.Sqrt(excess);
        float* to = _gathered.Pointer;
        new Span<float>(_x.Pointer, k).Clear();
        foreach (int column in columns)
        {
            float* from = factors.RowPointer(column);
            for (int c = 0; c < k; c += System.Numerics.Vector<float>.Count)
            {
                var row = System.Numerics.Vector.Load(from + c);
                System.Numerics.Vector.Store(row * root, to + c);
                System.Numerics.Vector.Store(System.Numerics.Vector.Load(_x.Pointer + c) + (row * target), _x.Pointer + c);
            }

            to += k;
        }

        shared.AsSpan().CopyTo(_normal.AsSpan());
        OpenBlas.Ssyrk(OpenBlas.Transpose, k, columns.Length, 1, _gathered.Pointer, k, 1, _normal.Pointer, k);
        OpenBlas.Spotrf(k, _normal.Pointer, k);
        OpenBlas.Spotrs(k, 1, _normal.Pointer, k, _x.Pointer, k);
    }

    /// <summary>What one writes first: arrays, three loops, Cholesky as in the textbook.</summary>
    public static float[] Straightforward(float[][] factors, ReadOnlySpan<int> columns, float excess, float target, float[][] shared)
    {
        int k = shared.Length;
        var a = new float[k][];
        var x = new float[k];
        for (int i = 0; i < k; i++)
        {
            a[i] = (float[])shared[i].Clone();
        }

        foreach (int column in columns)
        {
            float[] q = factors[column];
            for (int i = 0; i < k; i++)
            {
                x[i] += target * q[i];
                for (int j = 0; j <= i; j++)
                {
                    a[i][j] += excess * q[i] * q[j];
                }
            }
        }

        for (int j = 0; j < k; j++)
        {
            for (int i = j; i < k; i++)
            {
                float sum = a[i][j];
                for (int h = 0; h < j; h++)
                {
                    sum -= a[i][h] * a[j][h];
                }

                a[i][j] = i == j ? MathF.Sqrt(sum) : sum / a[j][j];
            }
        }

        for (int i = 0; i < k; i++)
        {
            for (int h = 0; h < i; h++)
            {
                x[i] -= a[i][h] * x[h];
            }

            x[i] /= a[i][i];
        }

        for (int i = k - 1; i >= 0; i--)
        {
            for (int h = i + 1; h < k; h++)
            {
                x[i] -= a[h][i] * x[h];
            }

            x[i] /= a[i][i];
        }

        return x;
    }

    public void Dispose()
    {
        _gathered.Dispose();
        _normal.Dispose();
        _x.Dispose();
    }
}
