using NodaTime;

namespace BillApis.Identity;

/// <summary>What one sign-in began: a family of refresh tokens of which only the newest may be used, once.</summary>
internal sealed record Session : IEntity<Session>
{
    public SessionId Id { get; init; } = EntityId.New<SessionId>();

    public required TenantId Tenant { get; init; }

    public required UserId User { get; init; }

    /// <summary>The hash of the newest refresh token's secret.</summary>
    public required string SecretHash { get; init; }

    public required Instant CreatedAt { get; init; }

    public required Instant ExpiresAt { get; init; }

    public Instant? EndedAt { get; init; }

    public long Version { get; init; }

    string IEntity<Session>.Key => Id.ToString();

    string? IEntity<Session>.Alias => null;

    public Session WithVersion(long version) => this with { Version = version };

    public bool IsOpen(Instant now) => EndedAt is null && now < ExpiresAt;

    /// <summary>Takes a refresh token for the next one. Any other than the newest was used before or stolen: it ends the session.</summary>
    public Session Rotate(bool isNewest, string nextSecretHash, Instant now) =>
        !IsOpen(now) ? this
        : isNewest ? this with { SecretHash = nextSecretHash }
        : End(now);

    public Session End(Instant now) => EndedAt is null ? this with { EndedAt = now } : this;
}

/// <summary>One sign-in.</summary>
internal readonly record struct SessionId(Guid Value) : IEntityId<SessionId>
{
    public static string Prefix => "ses";

    public static SessionId Of(Guid value) => new(value);

    public override string ToString() => EntityId.Format(this);
}
