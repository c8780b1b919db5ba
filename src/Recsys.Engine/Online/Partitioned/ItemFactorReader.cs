namespace Recsys.Engine.Online.Partitioned;

/// <summary>
/// Follows the sums of one item partition. Where that was lost and begun anew, what was heard before holds until all event
/// partitions have told it all they have; what is not in it then is nothing any more. One call at a time.
/// </summary>
/// <param name="side">The item partition.</param>
/// <param name="reader">The event partition that reads, or −1.</param>
internal sealed class ItemFactorReader(IItemFactorSide side, int reader)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private HashSet<string>? _unconfirmed;
    private long _instance;
    private long _since;

    /// <summary>The item partition.</summary>
    public IItemFactorSide Side => side;

    /// <summary>Number of the reader's last batch that the item partition has applied.</summary>
    public long Heard { get; private set; }

    /// <summary>The instance that the reader speaks as; 0 until it has chosen one.</summary>
    public long ReaderInstance { get; set; }

    /// <summary>The instance of the reader whose shares the item partition holds.</summary>
    public long KnownInstance { get; private set; }

    /// <summary>Whether what is known is of an earlier life of the item partition, and the present one has not been told everything.</summary>
    public bool Waits { get; private set; }

    /// <summary>Reads what changed; returns whether there is more.</summary>
    /// <param name="mostRows">Most items to read.</param>
    /// <param name="take">Receives sums.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<bool> ReadAsync(int mostRows, Action<ItemFactorRows> take, CancellationToken cancellationToken)
    {
        var changes = await side.ReadFactorsAsync(new ItemFactorQuery(reader, ReaderInstance, _instance, _since, mostRows), cancellationToken)
            .ConfigureAwait(false);
        changes.Rows.Check("item factors");
        Heard = changes.Heard;
        KnownInstance = changes.ReaderInstance;
        if (changes.Instance != _instance)
        {
            Waits = _instance != 0 && !changes.Whole;
            if (Waits)
            {
                return false;
            }

            _unconfirmed = _known.Count == 0 ? null : new HashSet<string>(_known, StringComparer.Ordinal);
            _instance = changes.Instance;
        }

        if (changes.Rows.Items.Count > 0)
        {
            take(changes.Rows);
            _known.UnionWith(changes.Rows.Items);
            _unconfirmed?.ExceptWith(changes.Rows.Items);
        }

        _since = changes.UpTo;
        if (!changes.More && _unconfirmed is { } gone)
        {
            _unconfirmed = null;
            if (gone.Count > 0 && changes.Rows.Length > 0)
            {
                take(new ItemFactorRows([.. gone], changes.Rows.Length, new float[gone.Count * changes.Rows.Length]));
            }
        }

        return changes.More;
    }

    /// <summary>Tells which items' sums are known from an earlier life, and that they count until they are heard again.</summary>
    public void Restore(IEnumerable<string> items)
    {
        _known.UnionWith(items);
        _instance = -1;
    }
}
