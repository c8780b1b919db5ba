namespace Recsys.Engine.Data;

/// <summary>Where an interaction falls.</summary>
internal enum SplitPart : byte
{
    Train,
    ValidationFoldIn,
    ValidationHeldOut,
    TestFoldIn,
    TestHeldOut,
    ColdItem,
    Repeat,
    SmallUser,
}
