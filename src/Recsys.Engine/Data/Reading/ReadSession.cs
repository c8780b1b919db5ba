using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Unicode;

namespace Recsys.Engine.Data.Reading;

/// <summary>
/// One reading: checks interactions, gives their ids indices, keeps them as columns, and counts what is left out. An
/// interaction that is left out leaves no trace in the id tables.
/// </summary>
internal sealed unsafe class ReadSession
{
    private readonly string _path;
    private readonly ReadOptions _options;
    private readonly IdTable _users;
    private readonly IdTable _items;
    private readonly bool _dropUsers;
    private readonly bool _dropItems;
    private readonly float _minWeight;
    private readonly bool _binary;
    private readonly List<string> _examples = [];
    private TextSource? _source;
    private int[] _userColumn = new int[1024];
    private int[] _itemColumn = new int[1024];
    private float[]? _weights;
    private long[]? _times;
    private bool _keepTimes;
    private int _count;
    private long _skipped;
    private long _zeros;
    private long _belowMinimum;
    private long _unknownUsers;
    private long _unknownItems;

    public ReadSession(string path, ReadOptions options)
    {
        _path = path;
        _options = options;
        _dropUsers = options.UnknownUsers == UnknownIds.Drop;
        _dropItems = options.UnknownItems == UnknownIds.Drop;
        _users = Table(options.Users, _dropUsers);
        _items = ReferenceEquals(options.Users, options.Items) && options.Users is not null && !_dropUsers && !_dropItems
            ? _users
            : Table(options.Items, _dropItems);
        _minWeight = options.MinWeight ?? float.NegativeInfinity;
        _binary = options.Binary;
    }

    /// <summary>Lines read so far.</summary>
    public long Lines { get; set; }

    /// <summary>Records that held or should have held interactions.</summary>
    public long Records { get; set; }

    /// <summary>Whether the last interaction that was not found at once had an id that is not a short number.</summary>
    public bool HasTextIds { get; private set; }

    /// <summary>The block that is parsed: whether ids in it have to be checked for broken UTF-8.</summary>
    public bool CheckUtf8 { get; private set; }

    /// <summary>Prepares for the interactions of a source.</summary>
    public void Expect(TextSource source, Layout layout)
    {
        _source = source;
        _keepTimes = layout.Time >= 0 && _options.KeepTimes;
        _times = _keepTimes ? new long[_userColumn.Length] : null;
    }

    /// <summary>Looks at a block before it is parsed.</summary>
    public void StartBlock(ReadOnlySpan<byte> block) =>
        CheckUtf8 = !System.Text.Ascii.IsValid(block) && !Utf8.IsValid(block);

    /// <summary>
    /// The quick way: adds an interaction of two short decimal ids that are both known. False where it needs
    /// <see cref="Add"/>; then nothing has happened.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAddKnown(byte* user, int userLength, byte* item, int itemLength, float weight, long time)
    {
        int u = Known(_users.Direct, user, userLength);
        int i = Known(_items.Direct, item, itemLength);
        if ((u | i) < 0 || !(weight > 0) || weight < _minWeight)
        {
            return false;
        }

        Append(u, i, weight, time);
        return true;
    }

    /// <summary>Prepares for the ids of the next interactions.</summary>
    public void Prefetch(ReadOnlySpan<TextPiece> users, ReadOnlySpan<TextPiece> items)
    {
        Span<uint> scratch = stackalloc uint[users.Length];
        _users.Prefetch(users, scratch);
        _items.Prefetch(items, scratch);
    }

    /// <summary>Checks and adds an interaction; times and weights are texts or null where there is no such column.</summary>
    public void Add(
        long line, ReadOnlySpan<byte> user, ReadOnlySpan<byte> item, bool hasWeight, ReadOnlySpan<byte> weightText,
        bool hasTime, ReadOnlySpan<byte> timeText)
    {
        float weight = 1;
        long time = 0;
        if (!IsId(line, user, "user") || !IsId(line, item, "item")
            || (hasWeight && !IsWeight(line, weightText, out weight)))
        {
            return;
        }

        if (hasTime && !Numbers.TryTime(timeText, out time))
        {
            Malformed(line, "a time (Unix seconds or ISO 8601)", timeText);
            return;
        }

        if (weight == 0)
        {
            _zeros++;
        }
        else if (weight < _minWeight)
        {
            _belowMinimum++;
        }
        else if (Resolve(user, item, out int u, out int i))
        {
            HasTextIds = IdBytes.Decimal(user) == IdBytes.NotDecimal || IdBytes.Decimal(item) == IdBytes.NotDecimal;
            Append(u, i, weight, time);
        }
    }

    /// <summary>The user of a line of an adjacency list, who exists even without items; −1 where it is left out.</summary>
    public int AdjacencyUser(ReadOnlySpan<byte> user)
    {
        if (!_dropUsers)
        {
            return _users.GetOrAdd(user);
        }

        return _users.TryGetIndex(user, out int index) ? index : -1;
    }

    /// <summary>Adds an item of a line of an adjacency list, whose bytes have been checked.</summary>
    public void AddAdjacent(int user, byte* item, int length)
    {
        int i = Known(_items.Direct, item, length);
        if (user < 0)
        {
            _unknownUsers++;
        }
        else if (i >= 0 || Resolve(_items, _dropItems, new ReadOnlySpan<byte>(item, length), ref _unknownItems, out i))
        {
            if (_minWeight > 1)
            {
                _belowMinimum++;
            }
            else
            {
                Append(user, i, 1, 0);
            }
        }
    }

    /// <summary>Whether a text can be an id; otherwise the line is malformed.</summary>
    public bool IsId(long line, ReadOnlySpan<byte> text, string kind)
    {
        if (text.IsEmpty)
        {
            Malformed(line, kind == "user" ? "a user id" : "an item id", text);
            return false;
        }

        if (CheckUtf8 && !Utf8.IsValid(text))
        {
            Malformed(line, kind == "user" ? "a user id in UTF-8" : "an item id in UTF-8", text);
            return false;
        }

        return true;
    }

    /// <summary>A malformed line: fails, or counts it.</summary>
    public void Malformed(long line, string expected, ReadOnlySpan<byte> found)
    {
        if (_options.OnError == OnError.Skip && _examples.Count >= _options.MaxSkippedExamples)
        {
            _skipped++;
            return;
        }

        var error = new MalformedInputException(_path, line, $"expected {expected}, found '{Excerpt.Of(found)}'");
        if (_options.OnError == OnError.Fail)
        {
            throw error;
        }

        _skipped++;
        _examples.Add(error.Message);
    }

    public (InteractionLog Log, ReadReport Report) Finish(TextSource source, Layout layout, Stopwatch clock)
    {
        if (_count == 0 && !_options.AllowEmpty)
        {
            throw new MalformedInputException(_path, 0, WhyEmpty(source));
        }

        Array.Resize(ref _userColumn, _count);
        Array.Resize(ref _itemColumn, _count);
        if (_weights is not null)
        {
            Array.Resize(ref _weights, _count);
        }

        if (_times is not null)
        {
            Array.Resize(ref _times, _count);
        }

        var log = new InteractionLog(_users, _items, _userColumn, _itemColumn, _weights, _times) { Name = Path.GetFileName(_path) };
        return (log, new ReadReport
        {
            Path = _path,
            Format = layout.Format,
            Compressed = source.IsCompressed,
            Lines = Lines,
            Interactions = _count,
            Skipped = _skipped,
            SkippedExamples = _examples,
            ZeroWeights = _zeros,
            BelowMinimum = _belowMinimum,
            UnknownUsers = _unknownUsers,
            UnknownItems = _unknownItems,
            Bytes = source.BytesUsed,
            Seconds = clock.Elapsed.TotalSeconds,
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Known(int[] direct, byte* id, int length)
    {
        uint number = IdBytes.DecimalPadded(id, length);
        return number < (uint)direct.Length ? direct[number] - 1 : -1;
    }

    private static IdTable Table(IdTable? given, bool drop) => given is null ? new IdTable() : drop ? given : given.Clone();

    private static bool Resolve(IdTable table, bool drop, ReadOnlySpan<byte> id, ref long unknown, out int index)
    {
        if (!drop)
        {
            index = table.GetOrAdd(id);
            return true;
        }

        if (table.TryGetIndex(id, out index))
        {
            return true;
        }

        unknown++;
        return false;
    }

    private bool Resolve(ReadOnlySpan<byte> user, ReadOnlySpan<byte> item, out int u, out int i)
    {
        if (_dropItems)
        {
            u = -1;
            return Resolve(_items, true, item, ref _unknownItems, out i) && Resolve(_users, _dropUsers, user, ref _unknownUsers, out u);
        }

        i = -1;
        return Resolve(_users, _dropUsers, user, ref _unknownUsers, out u) && Resolve(_items, false, item, ref _unknownItems, out i);
    }

    private bool IsWeight(long line, ReadOnlySpan<byte> text, out float weight)
    {
        if (!Numbers.TryWeight(text, out weight))
        {
            Malformed(line, "a weight (a finite number)", text);
            return false;
        }

        if (weight < 0 && !_options.AllowNegative)
        {
            Malformed(line, "a weight of 0 or more (negative ones are not allowed here)", text);
            return false;
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Append(int user, int item, float weight, long time)
    {
        int n = _count;
        if (n == _userColumn.Length)
        {
            Grow();
        }

        _userColumn[n] = user;
        _itemColumn[n] = item;
        if (_weights is not null)
        {
            _weights[n] = weight;
        }
        else if (weight != 1 && !_binary)
        {
            _weights = new float[_userColumn.Length];
            _weights.AsSpan(0, n).Fill(1);
            _weights[n] = weight;
        }

        if (_times is not null)
        {
            _times[n] = time;
        }

        _count = n + 1;
    }

    private void Grow()
    {
        // Beyond the first blocks the rest of the file tells how many more there will be.
        long size = 2L * _count;
        if (_source is { IsCompressed: false, Length: { } length, BytesUsed: > 8 << 20 and long used })
        {
            size = Math.Max(_count + (_count / 8) + 1024, Math.Min((long)((double)_count / used * length * 1.02) + 1024, 16L * _count));
        }

        if (_count == Array.MaxLength)
        {
            throw new MalformedInputException(_path, Lines, $"more than {Array.MaxLength} interactions do not fit in one log");
        }

        int capacity = (int)Math.Min(size, Array.MaxLength);
        Array.Resize(ref _userColumn, capacity);
        Array.Resize(ref _itemColumn, capacity);
        if (_weights is not null)
        {
            Array.Resize(ref _weights, capacity);
        }

        if (_times is not null)
        {
            Array.Resize(ref _times, capacity);
        }
    }

    private string WhyEmpty(TextSource source)
    {
        if (source.BytesUsed == 0)
        {
            return "expected interactions, found an empty file";
        }

        if (Records == 0)
        {
            return $"expected interactions, found only blank lines, comments or a header in {Lines} lines";
        }

        string examples = _examples.Count == 0 ? "" : $"; the first: {_examples[0]}";
        return $"expected interactions, none is left of {Records} records: {_skipped} malformed, {_zeros} of weight 0, "
            + $"{_belowMinimum} below the minimum weight, {_unknownUsers} of unknown users, {_unknownItems} of unknown items{examples}";
    }
}
