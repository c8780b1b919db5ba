using System.Runtime.InteropServices;

namespace Recsys.Benchmarks.Kernels;

/// <summary>
/// The native reference, where <c>libopenblas.so.0</c> is installed. Its kernels are those of OPENBLAS_CORETYPE as it
/// stands in the environment when the library is first touched.
/// </summary>
internal static unsafe class OpenBlas
{
    public const int RowMajor = 101;
    public const int NoTranspose = 111;
    public const int Transpose = 112;
    public const int Lower = 122;

    /// <summary>The values of OPENBLAS_CORETYPE that are tried; "auto" is its own choice.</summary>
    public static readonly string[] CoreTypes = ["auto", "Zen", "Haswell", "SkylakeX"];

    private static readonly nint Library = NativeLibrary.TryLoad("libopenblas.so.0", out nint handle) ? handle : 0;

    private static readonly delegate* unmanaged<int, void> SetThreadsFunction = (delegate* unmanaged<int, void>)Find("openblas_set_num_threads");
    private static readonly delegate* unmanaged<byte*> CoreNameFunction = (delegate* unmanaged<byte*>)Find("openblas_get_corename");
    private static readonly delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> SgemmFunction =
        (delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)Find("cblas_sgemm");

    private static readonly delegate* unmanaged<int, int, int, int, int, float, float*, int, float, float*, int, void> SsyrkFunction =
        (delegate* unmanaged<int, int, int, int, int, float, float*, int, float, float*, int, void>)Find("cblas_ssyrk");

    private static readonly delegate* unmanaged<int, int, int, int, float, float*, int, float*, int, float, float*, int, void> SgemvFunction =
        (delegate* unmanaged<int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)Find("cblas_sgemv");

    private static readonly delegate* unmanaged<byte*, int*, void*, int*, int*, void> SpotrfFunction = Factor("spotrf_");
    private static readonly delegate* unmanaged<byte*, int*, void*, int*, int*, void> SpotriFunction = Factor("spotri_");
    private static readonly delegate* unmanaged<byte*, int*, void*, int*, int*, void> DpotrfFunction = Factor("dpotrf_");
    private static readonly delegate* unmanaged<byte*, int*, void*, int*, int*, void> DpotriFunction = Factor("dpotri_");
    private static readonly delegate* unmanaged<byte*, int*, int*, float*, int*, float*, int*, int*, void> SpotrsFunction =
        (delegate* unmanaged<byte*, int*, int*, float*, int*, float*, int*, int*, void>)Find("spotrs_");

    private static readonly delegate* unmanaged<int*, int*, float*, int*, int*, int*, void> SgetrfFunction =
        (delegate* unmanaged<int*, int*, float*, int*, int*, int*, void>)Find("sgetrf_");

    private static readonly delegate* unmanaged<int*, float*, int*, int*, float*, int*, int*, void> SgetriFunction =
        (delegate* unmanaged<int*, float*, int*, int*, float*, int*, int*, void>)Find("sgetri_");

    public static bool IsAvailable => Library != 0;

    public static string CoreName => Marshal.PtrToStringAnsi((nint)CoreNameFunction()) ?? "?";

    public static void SetThreads(int threads) => SetThreadsFunction(threads);

    /// <summary>C = op(A)·op(B) + beta·C, row-major.</summary>
    public static void Sgemm(int ta, int tb, int m, int n, int k, float alpha, float* a, int lda, float* b, int ldb, float beta, float* c, int ldc) =>
        SgemmFunction(RowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);

    /// <summary>y = A·x, A m × n and row-major.</summary>
    public static void Sgemv(int m, int n, float* a, int lda, float* x, float* y) => SgemvFunction(RowMajor, NoTranspose, m, n, 1, a, lda, x, 1, 0, y, 1);

    /// <summary>Lower triangle of C = A·Aᵀ + beta·C, or Aᵀ·A where <paramref name="transpose"/> says so, row-major.</summary>
    public static void Ssyrk(int transpose, int n, int k, float alpha, float* a, int lda, float beta, float* c, int ldc) =>
        SsyrkFunction(RowMajor, Lower, transpose, n, k, alpha, a, lda, beta, c, ldc);

    /// <summary>Cholesky of the row-major lower triangle (column-major upper).</summary>
    public static void Spotrf(int n, float* a, int lda) => Run(SpotrfFunction, n, a, lda);

    /// <summary>Inverse from the factor.</summary>
    public static void Spotri(int n, float* a, int lda) => Run(SpotriFunction, n, a, lda);

    public static void Dpotrf(int n, double* a, int lda) => Run(DpotrfFunction, n, a, lda);

    public static void Dpotri(int n, double* a, int lda) => Run(DpotriFunction, n, a, lda);

    /// <summary>Solves with the factor for one right-hand side or more, each contiguous.</summary>
    public static void Spotrs(int n, int sides, float* a, int lda, float* b, int ldb)
    {
        byte upper = (byte)'U';
        int info;
        SpotrsFunction(&upper, &n, &sides, a, &lda, b, &ldb, &info);
        Check(info);
    }

    /// <summary>General inverse by LU, as numpy.linalg.inv does it in effect.</summary>
    public static void SgetrfSgetri(int n, float* a, int lda, int* pivots, float* work, int workLength)
    {
        int info;
        SgetrfFunction(&n, &n, a, &lda, pivots, &info);
        Check(info);
        SgetriFunction(&n, a, &lda, pivots, work, &workLength, &info);
        Check(info);
    }

    private static void Run(delegate* unmanaged<byte*, int*, void*, int*, int*, void> function, int n, void* a, int lda)
    {
        byte upper = (byte)'U';
        int info;
        function(&upper, &n, a, &lda, &info);
        Check(info);
    }

    private static void Check(int info)
    {
        if (info != 0)
        {
            throw new InvalidOperationException($"OpenBLAS says info = {info}");
        }
    }

    private static delegate* unmanaged<byte*, int*, void*, int*, int*, void> Factor(string name) =>
        (delegate* unmanaged<byte*, int*, void*, int*, int*, void>)Find(name);

    private static nint Find(string name) => Library == 0 ? 0 : NativeLibrary.GetExport(Library, name);
}
