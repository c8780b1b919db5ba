using Recsys.Engine.Logistic;

namespace Recsys.Engine.Tests.Logistic;

/// <summary>The losses written straight from their formulas in double precision, and a numerical derivative.</summary>
internal static class Reference
{
    public static double Sigmoid(double z) => 1 / (1 + Math.Exp(-z));

    public static double Loss(LmfLoss loss, double weight, double[] z) => weight * loss switch
    {
        LmfLoss.Logistic => -Math.Log(Sigmoid(z[0])) - z.Skip(1).Sum(n => Math.Log(1 - Sigmoid(n))),
        LmfLoss.Bpr => -z.Skip(1).Average(n => Math.Log(Sigmoid(z[0] - n))),
        _ => Math.Log(z.Sum(Math.Exp)) - z[0],
    };

    public static double Derivative(Func<double[], double> f, double[] x, int at)
    {
        const double h = 1e-5;
        var up = (double[])x.Clone();
        var down = (double[])x.Clone();
        up[at] += h;
        down[at] -= h;
        return (f(up) - f(down)) / (2 * h);
    }
}
