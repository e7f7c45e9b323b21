using NodaTime;

namespace BillApis.Identity;

/// <summary>What one idempotency key of one caller stands for: a request that is being carried out, and then its answer.</summary>
internal sealed record StoredAnswer : IEntity<StoredAnswer>
{
    // A request that has not answered after this long may have been cut off by a crash: the next one with its key takes over. Where it was only slow, it can store nothing more.
    private static readonly Duration Patience = Duration.FromSeconds(5);

    public StoredAnswerId Id { get; init; } = EntityId.New<StoredAnswerId>();

    public required TenantId Tenant { get; init; }

    /// <summary>The caller and the caller's own key.</summary>
    public required string Name { get; init; }

    /// <summary>Equal only for the same request.</summary>
    public required string RequestHash { get; init; }

    /// <summary>When a request took the key; null where it gave it back without an answer.</summary>
    public Instant? ClaimedAt { get; init; }

    /// <summary>The answer's status; null while there is none.</summary>
    public int? Status { get; init; }

    /// <summary>The answer, whole.</summary>
    public string? Body { get; init; }

    public required Instant CreatedAt { get; init; }

    public long Version { get; init; }

    string IEntity<StoredAnswer>.Key => Id.ToString();

    string? IEntity<StoredAnswer>.Alias => Name;

    public StoredAnswer WithVersion(long version) => this with { Version = version };

    public bool IsBusy(Instant now) => Status is null && now < ClaimedAt + Patience;

    public StoredAnswer Claimed(Instant now) => this with { ClaimedAt = now };

    /// <summary>The key with its answer; an internal failure is no answer, nor is to try again later: the request can be sent again.</summary>
    public StoredAnswer Answered(int status, string body) => status is >= 500 or 429 ? this with { ClaimedAt = null } : this with { Status = status, Body = body };
}

/// <summary>One use of an idempotency key.</summary>
internal readonly record struct StoredAnswerId(Guid Value) : IEntityId<StoredAnswerId>
{
    public static string Prefix => "ans";

    public static StoredAnswerId Of(Guid value) => new(value);

    public override string ToString() => EntityId.Format(this);
}
