using System.Collections.Immutable;

namespace BillApis;

/// <summary>Keeps the things of one kind. Implementations must pass <c>StoreConformance</c>.</summary>
/// <remarks>
/// A store holds no rules: it saves what it is given, whole, or not at all. It never reads the clock and
/// may be called from many threads and processes at once.
/// </remarks>
public interface IStore<T> where T : class, IEntity<T>
{
    /// <summary>Reads one by its id or its alias, or null where the tenant has none such.</summary>
    Task<T?> FindAsync(TenantId tenant, string reference, CancellationToken cancellationToken);

    /// <summary>Reads those of the ids that the tenant has, in no order.</summary>
    Task<IReadOnlyList<T>> FindManyAsync(TenantId tenant, IReadOnlyCollection<string> ids, CancellationToken cancellationToken);

    /// <summary>Lists newest first; nothing is listed twice however the list changes meanwhile.</summary>
    Task<Page<T>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken);

    /// <summary>Stores all the items together with the events that the change caused, or nothing.</summary>
    /// <returns>
    /// <see cref="SaveResult.Conflict"/> where a version is not the stored one, or an id or alias is taken;
    /// nothing is stored then. A saved item has the next version.
    /// </returns>
    Task<SaveResult> SaveAsync(TenantId tenant, IReadOnlyList<T> items, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken);
}

/// <summary>Which things to list.</summary>
public sealed record StoreQuery
{
    /// <summary>Column name to the value it must have, for example <c>status</c> to <c>active</c>.</summary>
    public ImmutableDictionary<string, string> Where { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = ImmutableDictionary<string, string>.Empty;

    /// <summary>How many a page holds, 1 to <see cref="Limits.PageSize"/>.</summary>
    public int Limit { get; init; } = Limits.DefaultPageSize;

    /// <summary>The <see cref="Page{T}.Next"/> of the page before.</summary>
    public string? After { get; init; }

    /// <summary>The query narrowed to one value of a column; a null value narrows nothing.</summary>
    public StoreQuery With(string column, string? value) => value is null ? this : this with { Where = Where.SetItem(column, value) };
}

/// <summary>How a write to a store ended.</summary>
public enum SaveResult
{
    /// <summary>The new state and its events are stored.</summary>
    Saved,

    /// <summary>Nothing was stored: a version was not the expected one, or an id or alias was taken.</summary>
    Conflict,
}
