namespace Recsys.Engine.Data;

/// <summary>
/// How interactions are split. Where an amount is asked for, a value below 1 is a fraction and any other a number:
/// 0.1 is a tenth, 500 is five hundred.
/// </summary>
public sealed record SplitOptions
{
    /// <summary>The strategy.</summary>
    public SplitStrategy Strategy { get; init; } = SplitStrategy.Strong;

    /// <summary>
    /// The seed. What falls where depends on it and on the ids alone: not on the order of the data, and not on other users
    /// as far as the strategy allows.
    /// </summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Strong: how many users are held out for validation.</summary>
    public double ValidationUsers { get; init; } = 0.1;

    /// <summary>Strong: how many users are held out for the test.</summary>
    public double TestUsers { get; init; } = 0.1;

    /// <summary>Strong: of a held-out user's n items ⌊fraction · n⌋ are held out, the others folded in.</summary>
    public double HeldOutFraction { get; init; } = 0.2;

    /// <summary>Weak: how many users have items held out; 0 for all of them.</summary>
    public double WeakUsers { get; init; }

    /// <summary>
    /// Weak: of a user's n items ⌊fraction · n⌋ are held out for validation. Temporal: the fraction of all interactions that lies
    /// between the two moments.
    /// </summary>
    public double ValidationFraction { get; init; }

    /// <summary>Weak: of a user's n items ⌊fraction · n⌋ are held out for the test. Temporal: the latest fraction of all interactions.</summary>
    public double TestFraction { get; init; } = 0.2;

    /// <summary>Leave-last-out: how many items before the test's are held out for validation; one item at least stays.</summary>
    public int ValidationLast { get; init; }

    /// <summary>Leave-last-out: how many of a user's last items are held out for the test; one item at least stays.</summary>
    public int TestLast { get; init; } = 1;

    /// <summary>Temporal: the validation part starts here, in the log's unit of time; needs <see cref="TestFrom"/>.</summary>
    public long? ValidationFrom { get; init; }

    /// <summary>Temporal: the test part starts here, in the log's unit of time; null takes <see cref="TestFraction"/>.</summary>
    public long? TestFrom { get; init; }

    /// <summary>Users with fewer distinct items than this are left out before anything else.</summary>
    public int MinItemsPerUser { get; init; } = 1;

    /// <summary>
    /// Whether held-out interactions with items that the training part does not have are kept: no model can return
    /// such items. Otherwise they are left out and counted.
    /// </summary>
    public bool KeepColdItems { get; init; }

    /// <summary>How pairs that stand more than once are merged.</summary>
    public DuplicatePolicy Duplicates { get; init; } = DuplicatePolicy.Sum;

    /// <summary>Checks the options.</summary>
    /// <exception cref="InvalidOptionException">An option is out of its range.</exception>
    public void Validate()
    {
        RequireAmount(ValidationUsers, "validation users");
        RequireAmount(TestUsers, "test users");
        RequireAmount(WeakUsers, "weak users");
        RequireFraction(HeldOutFraction, "held-out fraction");
        RequireFraction(ValidationFraction, "validation fraction");
        RequireFraction(TestFraction, "test fraction");
        Require(ValidationFraction + TestFraction < 1, "validation and test fraction leave nothing to learn from");
        Require(ValidationLast >= 0 && TestLast >= 0, "the number of last items must not be negative");
        Require(MinItemsPerUser >= 1, "the least number of items a user must be at least 1");
        Require(ValidationFrom is null || TestFrom is not null, "the start of the validation part needs that of the test part");
        Require(ValidationFrom is null || ValidationFrom < TestFrom, "the validation part must start before the test part");
    }

    private static void RequireAmount(double value, string name) => Require(
        value is >= 0 and <= int.MaxValue && (value < 1 || value == Math.Floor(value)),
        FormattableString.Invariant($"{name}: {value} is neither a fraction below 1 nor a whole number"));

    private static void RequireFraction(double value, string name) =>
        Require(value is >= 0 and < 1, FormattableString.Invariant($"{name}: {value} is not in [0, 1)"));

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvalidOptionException($"split: {message}");
        }
    }
}
