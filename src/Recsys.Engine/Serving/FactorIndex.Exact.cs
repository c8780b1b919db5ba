using System.Buffers;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Serving;

public sealed unsafe partial class FactorIndex
{
    // Factors below are not told from what floats lose when they underflow.
    private const double Tiny = 1e-30;

    private readonly Loss _loss;

    /// <summary>
    /// <see cref="Top(ReadOnlySpan{float}, ReadOnlySpan{int}, ItemFilter, Span{ScoredItem})"/> where it is certain that the
    /// results are those of <see cref="FactorStorage.Float32"/>, scores and order, bit for bit; needs rescoring.
    /// Candidates are twice as many as are asked for and 16 more. What is no candidate has a rounded score of at most c, the
    /// lowest candidate's; with ε the greatest ‖q − q̃‖ of an item, ũ the user's factors as the format takes them and δ
    /// what float sums may be off by, its exact score is at most c + ‖u‖ε + ‖u − ũ‖·max‖q̃‖ + δ (Cauchy and Schwarz). Where
    /// the last result is above that, nothing is missing.
    /// </summary>
    /// <returns>
    /// Whether it is certain. Where not, the results are worthless: ask an index of float32.
    /// </returns>
    public bool TryTopExact(ReadOnlySpan<float> user, ReadOnlySpan<int> seen, ItemFilter filter, Span<ScoredItem> results, out int found) =>
        TryTopExact(user, seen, filter, results, out found, Simd.Best);

    internal bool TryTopExact(
        ReadOnlySpan<float> user, ReadOnlySpan<int> seen, ItemFilter filter, Span<ScoredItem> results, out int found, SimdLevel level) =>
        TryTopExact(_exact ?? throw new InvalidOperationException("the index does not rescore"), user, seen, filter, results, out found, level);

    // Items whose rows in the exact factors are not those of the index must be excluded.
    internal bool TryTopExact(
        DenseMatrix exact, ReadOnlySpan<float> user, ReadOnlySpan<int> seen, ItemFilter filter, Span<ScoredItem> results, out int found, SimdLevel level)
    {
        CheckUser(user);
        found = 0;
        if (results.Length == 0)
        {
            return true;
        }

        if (Storage == FactorStorage.Float32)
        {
            found = TopStored(user, seen, filter, results, level);
            return true;
        }

        int wanted = (2 * results.Length) + 16;
        var rented = ArrayPool<ScoredItem>.Shared.Rent(wanted);
        try
        {
            var candidates = rented.AsSpan(0, wanted);
            int taken = TopStored(user, seen, filter, candidates, level);
            float worst = taken > 0 ? candidates[taken - 1].Score : 0;
            found = Rescoring.Rank(exact, user, candidates[..taken], results);
            return taken < wanted || results[found - 1].Score > worst + Margin(user);
        }
        finally
        {
            ArrayPool<ScoredItem>.Shared.Return(rented);
            GC.KeepAlive(exact);
        }
    }

    /// <summary>How far a rounded score may be from the float32 one.</summary>
    private double Margin(ReadOnlySpan<float> user)
    {
        double squares = 0;
        double sum = 0;
        double largest = 0;
        foreach (float x in user)
        {
            squares += (double)x * x;
            sum += Math.Abs((double)x);
            largest = Math.Max(largest, Math.Abs((double)x));
        }

        if (largest < Tiny)
        {
            return double.PositiveInfinity;
        }

        double length = Math.Sqrt(squares);
        double step = Storage == FactorStorage.Int8 ? 1 / Int8Format.Finest(largest, sum) : 0;
        double userLoss = 0.5 * step * Math.Sqrt(user.Length);
        double sums = ((2 * user.Length) + 8) * Math.ScaleB(1, -24) * (length + userLoss) * _loss.Longest;
        return 1.0001 * ((length * _loss.Rounding) + (userLoss * _loss.Longest) + sums);
    }

    private Loss LossOf(DenseMatrix factors, int first, int last)
    {
        var loss = default(Loss);
        for (int item = first; item < last; item++)
        {
            var row = factors.Row(item);
            double lost = 0, exact = 0, kept = 0;
            for (int f = 0; f < row.Length; f++)
            {
                double stored = Stored(item, f);
                lost += (row[f] - stored) * (row[f] - stored);
                exact += (double)row[f] * row[f];
                kept += stored * stored;
            }

            loss = Loss.Worse(loss, new Loss(Math.Sqrt(lost), Math.Sqrt(Math.Max(exact, kept))));
        }

        return loss;
    }

    private double Stored(int item, int factor)
    {
        byte* block = _blocks.Pointer + ((long)(item >> 4) * _blockBytes);
        return Storage switch
        {
            FactorStorage.Float32 => Float32Format.Stored(block, _padded, item & 15, factor),
            FactorStorage.BFloat16 => BFloat16Format.Stored(block, _padded, item & 15, factor),
            FactorStorage.Float16 => Float16Format.Stored(block, _padded, item & 15, factor),
            _ => Int8Format.Stored(block, _padded, item & 15, factor),
        };
    }

    /// <summary>What rounding does to the item that it hurts most.</summary>
    /// <param name="Rounding">Greatest ‖q − q̃‖.</param>
    /// <param name="Longest">Greatest ‖q‖ or ‖q̃‖.</param>
    private readonly record struct Loss(double Rounding, double Longest)
    {
        public static Loss Worse(Loss a, Loss b) => new(Math.Max(a.Rounding, b.Rounding), Math.Max(a.Longest, b.Longest));
    }
}
