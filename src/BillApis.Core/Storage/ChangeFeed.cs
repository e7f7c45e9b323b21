namespace BillApis.Storage;

/// <summary>Tells what keeps copies in memory that something was changed: by this process at once, and by others where the database passes it on.</summary>
internal sealed class ChangeFeed
{
    private volatile bool _reachesAll;

    /// <summary>Whether what other processes change is told as well, for as long as this is true.</summary>
    public bool ReachesAll
    {
        get => _reachesAll;
        set => _reachesAll = value;
    }

    /// <summary>Called with each change, on the thread that made it.</summary>
    public event Action<Change>? Changed;

    public void Publish(Change change) => AnsweredWork.OnceStored(() => Changed?.Invoke(change));
}

/// <summary>Something that was changed.</summary>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Customer">The customer that it is about; null where it is about all.</param>
/// <param name="IsUsage">Whether only what was used changed, and nothing that was agreed.</param>
internal readonly record struct Change(TenantId Tenant, CustomerId? Customer, bool IsUsage = false)
{
    /// <summary>The change as one text, for other processes.</summary>
    public override string ToString() => Customer is { } customer ? $"{Tenant} {customer}" : Tenant.ToString();

    /// <summary>Reads what <see cref="ToString"/> wrote; null for anything else.</summary>
    public static Change? Parse(string text)
    {
        var (tenant, customer) = text.Split(' ') is [var first, var second] ? (first, second) : (text, null);
        return !EntityId.TryParse<TenantId>(tenant, out var owner) ? null
            : customer is null ? new Change(owner, null)
            : EntityId.TryParse<CustomerId>(customer, out var about) ? new Change(owner, about) : null;
    }
}
