namespace BillApis;

/// <summary>One page of a listing.</summary>
/// <param name="Items">The items, in listing order.</param>
/// <param name="Next">Where the next page starts, or null on the last page.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next)
{
    /// <summary>The same page of other items.</summary>
    public Page<TResult> Select<TResult>(Func<T, TResult> map) => new([.. Items.Select(map)], Next);
}
