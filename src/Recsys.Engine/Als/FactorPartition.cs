using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;
using Recsys.Engine.Serving.Partitioned;

namespace Recsys.Engine.Als;

/// <summary>
/// A partition in this process: its rows, their interactions and their factors, worked on by the threads of its host.
/// Its calls finish before they return. Not for concurrent calls, except reads of factors that no running call writes.
/// </summary>
public sealed class FactorPartition : IFactorPartition, IDisposable
{
    private readonly FactorHost _host;
    private readonly PartitionRows _rows;
    private readonly IFactorSource _otherSide;
    private readonly DenseMatrix _factors;
    private readonly DenseMatrix _whitened;
    private readonly Batch[] _batches;
    private readonly int[] _schedule;
    private readonly (double DataLoss, double Penalty)[] _results;
    private readonly int[] _solvedPhase;
    private int _whitenedPhase = -1;
    private HalfEpochReport? _report;
    private int _reportPhase;
    private int _begunPhase;

    /// <summary>A partition with zero factors.</summary>
    /// <param name="host">Options, threads and scratch memory.</param>
    /// <param name="rows">The interactions.</param>
    /// <param name="otherSide">Where the other side's rows come from.</param>
    public FactorPartition(FactorHost host, PartitionRows rows, IFactorSource otherSide)
    {
        _host = host;
        _rows = rows;
        _otherSide = otherSide;
        _factors = new DenseMatrix(rows.Count, host.Options.Factors);
        _whitened = new DenseMatrix(rows.Count, host.Options.Factors);
        _batches = Cut(rows);
        _results = new (double, double)[_batches.Length];
        _solvedPhase = new int[_batches.Length];

        // The longest batches first: what is left at the end is short, and threads finish together.
        _schedule = [.. Enumerable.Range(0, _batches.Length).OrderByDescending(b => _batches[b].Interactions).ThenBy(b => b)];
    }

    /// <summary>The half-epoch whose result the factors are; 0 for the initial ones.</summary>
    internal int SolvedPhase => _reportPhase;

    /// <summary>The half-epoch of which some rows may be already; <see cref="SolvedPhase"/> where all rows are of one half-epoch.</summary>
    internal int BegunPhase => _begunPhase;

    /// <summary>The half-epoch for which rows can be handed out; −1: none.</summary>
    internal int WhitenedPhase => _whitenedPhase;

    /// <inheritdoc/>
    public Task InitializeAsync(CancellationToken cancellationToken)
    {
        if (_reportPhase > 0 || _whitenedPhase > 0)
        {
            return Task.CompletedTask;
        }

        float deviation = (float)(_host.Options.InitStdDev / Math.Sqrt(_host.Options.Factors));
        _host.Pool.Run(
            _batches.Length,
            (_, b) =>
            {
                var batch = _batches[b];
                for (int row = batch.First; row < batch.First + batch.Count; row++)
                {
                    var factors = _factors.Row(row);
                    factors.Clear();
                    if (_rows.RowLength(row) > 0)
                    {
                        RowInitializer.Fill(factors, _host.Options.Seed, _rows.Kind, _rows.Hash(row), deviation);
                    }
                }
            },
            cancellationToken);
        Forget(0);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<GramPart>> GramAsync(int phase, CancellationToken cancellationToken) => Task.FromResult(Gram(cancellationToken));

    /// <inheritdoc/>
    public Task WhitenAsync(int phase, Lazy<AlsBasis> basis, CancellationToken cancellationToken)
    {
        if (_whitenedPhase != phase)
        {
            var whiten = basis.Value;
            _whitenedPhase = -1;
            _host.Pool.Run(
                _batches.Length,
                (worker, b) => _host.Solver(worker).Multiply(
                    _factors, _batches[b].First, _batches[b].Count, whiten.Whiten, whiten.WhitenShape, _whitened),
                cancellationToken);
            _whitenedPhase = phase;
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<HalfEpochReport> SolveAsync(HalfEpoch halfEpoch, Lazy<AlsBasis> basis, CancellationToken cancellationToken)
    {
        if (_report is not null && _reportPhase == halfEpoch.Phase)
        {
            return _report;
        }

        var table = await _otherSide.HoldAsync(halfEpoch.Phase, cancellationToken, cancellationToken);
        try
        {
            return Solve(halfEpoch, basis.Value, table, cancellationToken);
        }
        finally
        {
            table.Release();
        }
    }

    /// <summary>The same with the other side's rows at hand.</summary>
    internal HalfEpochReport Solve(HalfEpoch halfEpoch, AlsBasis basis, FactorTable fixedSide, CancellationToken cancellationToken)
    {
        if (_report is not null && _reportPhase == halfEpoch.Phase)
        {
            return _report;
        }

        if (halfEpoch.Phase <= _reportPhase || (_begunPhase > _reportPhase && _begunPhase != halfEpoch.Phase))
        {
            throw new RecsysException($"ALS: {_rows.Kind} partition from block {_rows.FirstBlock} cannot solve phase {halfEpoch.Phase}, being at {_begunPhase}");
        }

        _report = null;
        _begunPhase = halfEpoch.Phase;

        // A batch is written when it is solved and then counts as done: a repeated call goes on where the last one stopped.
        _host.Pool.Run(
            _schedule.Length,
            (worker, i) =>
            {
                int b = _schedule[i];
                if (_solvedPhase[b] != halfEpoch.Phase)
                {
                    _results[b] = _host.Solver(worker).Solve(
                        _rows, _batches[b].First, _batches[b].Count, fixedSide, basis, halfEpoch, _factors);
                    _solvedPhase[b] = halfEpoch.Phase;
                }
            },
            cancellationToken);
        var loss = new double[_rows.EndBlock - _rows.FirstBlock];
        var penalty = new double[loss.Length];
        for (int b = 0; b < _batches.Length; b++)
        {
            loss[_batches[b].Block - _rows.FirstBlock] += _results[b].DataLoss;
            penalty[_batches[b].Block - _rows.FirstBlock] += _results[b].Penalty;
        }

        var report = new HalfEpochReport(_rows.FirstBlock, loss, penalty, halfEpoch.WithGram ? Gram(cancellationToken) : null);
        _reportPhase = halfEpoch.Phase;
        return _report = report;
    }

    /// <inheritdoc/>
    public ValueTask<FactorBlock> GetWhitenedAsync(
        int phase, int block, int firstRow, int maxRows, RowSelection? wanted, CancellationToken cancellationToken) =>
        _whitenedPhase == phase
            ? ValueTask.FromResult(View(_whitened, phase, block, firstRow, maxRows, _rows.EndBlock, wanted))
            : throw new RecsysException($"ALS: {_rows.Kind} block {block} is not prepared for phase {phase}");

    /// <inheritdoc/>
    public ValueTask<FactorBlock> GetFactorsAsync(int block, int firstRow, int maxRows, CancellationToken cancellationToken) =>
        ValueTask.FromResult(View(_factors, _reportPhase, block, firstRow, maxRows, _rows.EndBlock));

    /// <summary>At most <paramref name="maxRows"/> rows as they are, from <paramref name="firstRow"/> of the partition on, over all its blocks.</summary>
    internal FactorBlock Factors(int firstRow, int maxRows) =>
        View(_factors, _reportPhase, _rows.FirstBlock, firstRow, maxRows, _rows.EndBlock);

    /// <inheritdoc/>
    public ValueTask PutFactorsAsync(FactorBlock rows, CancellationToken cancellationToken)
    {
        var target = View(_factors, rows.Phase, rows.Block, rows.FirstRow, rows.Rows, _rows.EndBlock);
        if (target.Rows != rows.Rows || target.Factors != rows.Factors)
        {
            throw new RecsysException(
                $"ALS: {_rows.Kind} block {rows.Block} has {target.Rows} rows of {target.Factors} from {rows.FirstRow}, given {rows.Rows} of {rows.Factors}");
        }

        int start = _rows.BlockStart(rows.Block) + rows.FirstRow;
        for (int r = 0; r < rows.Rows; r++)
        {
            rows.Row(r).CopyTo(_factors.Row(start + r));
        }

        Forget(rows.Phase);
        return ValueTask.CompletedTask;
    }

    /// <summary>The rows as they are now, to be scored from this process: a copy, in the order of the data set.</summary>
    /// <param name="storage">How to keep the factors.</param>
    /// <param name="rescore">Whether to rank candidates of a rounded storage by exact factors; takes a second copy.</param>
    public FactorScoring CreateScoring(FactorStorage storage = FactorStorage.Float32, bool rescore = false)
    {
        int[] rows = [.. Enumerable.Range(0, _rows.Count).OrderBy(_rows.Index)];
        var factors = new DenseMatrix(rows.Length, _host.Options.Factors);
        for (int r = 0; r < rows.Length; r++)
        {
            _factors.Row(rows[r]).CopyTo(factors.Row(r));
        }

        var scoring = new FactorScoring([.. rows.Select(_rows.Index)], factors, storage, rescore, _host.Pool);
        if (!rescore)
        {
            factors.Dispose();
        }

        return scoring;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _factors.Dispose();
        _whitened.Dispose();
    }

    /// <summary>Gram matrices of the factors as they are.</summary>
    private IReadOnlyList<GramPart> Gram(CancellationToken cancellationToken)
    {
        var parts = new GramPart[_rows.EndBlock - _rows.FirstBlock];
        _host.Pool.Run(
            parts.Length,
            (worker, i) =>
            {
                int block = _rows.FirstBlock + i;
                int start = _rows.BlockStart(block);
                parts[i] = new GramPart(0, block, _host.Solver(worker).Gram(_factors, start, _rows.BlockStart(block + 1) - start));
            },
            cancellationToken);
        return GramTree.Reduce(parts);
    }

    private static Batch[] Cut(PartitionRows rows)
    {
        var batches = new List<Batch>();
        for (int block = rows.FirstBlock; block < rows.EndBlock; block++)
        {
            int end = rows.BlockStart(block + 1);
            for (int first = rows.BlockStart(block); first < end; first += IRowSolver.MaxBatch)
            {
                int count = Math.Min(IRowSolver.MaxBatch, end - first);
                long interactions = 0;
                for (int row = first; row < first + count; row++)
                {
                    interactions += rows.RowLength(row);
                }

                batches.Add(new Batch(block, first, count, interactions));
            }
        }

        return [.. batches];
    }

    /// <summary>Rows of a block and of those that follow it before <paramref name="endBlock"/>.</summary>
    private FactorBlock View(DenseMatrix matrix, int phase, int block, int firstRow, int maxRows, int endBlock, RowSelection? wanted = null)
    {
        if (block < _rows.FirstBlock || block >= _rows.EndBlock)
        {
            throw new RecsysException($"ALS: {_rows.Kind} block {block} is not in [{_rows.FirstBlock}, {_rows.EndBlock})");
        }

        int start = _rows.BlockStart(block);
        int rows = Math.Min(maxRows, _rows.BlockStart(endBlock) - start - firstRow);
        return firstRow >= 0 && rows >= 0
            ? new FactorBlock(phase, block, firstRow, rows, matrix, start + firstRow, wanted: rows == maxRows ? wanted : wanted?.Slice(0, rows))
            : throw new RecsysException($"ALS: {_rows.Kind} block {block} has no row {firstRow}");
    }

    /// <summary>Gives every row its initial factors, whatever it has.</summary>
    internal Task RestartAsync(CancellationToken cancellationToken)
    {
        Forget(0);
        return InitializeAsync(cancellationToken);
    }

    /// <summary>The factors were replaced: what was computed from earlier ones does not hold any more.</summary>
    internal void Forget(int phase)
    {
        _report = null;
        _reportPhase = phase;
        _begunPhase = phase;
        _whitenedPhase = -1;
        Array.Clear(_solvedPhase);
    }

    private readonly record struct Batch(int Block, int First, int Count, long Interactions);
}
