using NodaTime;

namespace BillApis;

/// <summary>A thing that is created, changed and archived by the tenant's own people: a customer, a price, a plan.</summary>
public interface IMasterData<TSelf> : IEntity<TSelf> where TSelf : class, IMasterData<TSelf>
{
    /// <summary>The word for it in messages and in event types, for example <c>customer</c>.</summary>
    static abstract string Kind { get; }

    /// <summary>The name of its <see cref="IEntity{TSelf}.Alias"/> in requests: <c>external_id</c> or <c>code</c>.</summary>
    static abstract string AliasField { get; }

    /// <summary>When it was archived: it is kept, but nothing new may use it.</summary>
    Instant? ArchivedAt { get; }

    /// <summary>The same thing as the tenant's own, made at an instant.</summary>
    TSelf Created(TenantId tenant, Instant at);

    /// <summary>The same thing, archived.</summary>
    TSelf Archived(Instant at);

    /// <summary>Refuses what breaks a rule.</summary>
    /// <exception cref="BillingException">A field is missing or out of its range; the message names it and what is allowed.</exception>
    void Validate();
}
