using BillApis.Identity;

namespace BillApis.Storage.Sql;

/// <summary>Where tenants, people, their roles and sessions, the signing keys and the answers to idempotent requests are kept.</summary>
internal static class IdentityMaps
{
    public static EntityMap<User> Users { get; } = EntityMap<User>.Of(
        "billing_user",
        EntityColumn<User>.Text("realm", user => user.Realm is Realm.Admin ? "admin" : "portal"),
        EntityColumn<User>.Text("customer_id", user => user.Customer));

    public static EntityMap<TenantAccount> Tenants { get; } = EntityMap<TenantAccount>.Of("billing_tenant");

    public static EntityMap<Login> Logins { get; } = EntityMap<Login>.Of("billing_login") with { IsAudited = false };

    public static EntityMap<Role> Roles { get; } = EntityMap<Role>.Of("billing_role");

    public static EntityMap<Session> Sessions { get; } = EntityMap<Session>.Of(
        "billing_session",
        EntityColumn<Session>.Text("user_id", session => session.User),
        EntityColumn<Session>.Text("is_open", session => session.EndedAt is null ? "true" : "false")) with { IsAudited = false };

    public static EntityMap<ApiKey> ApiKeys { get; } = EntityMap<ApiKey>.Of(
        "billing_api_key",
        EntityColumn<ApiKey>.Text("customer_id", key => key.Customer),
        EntityColumn<ApiKey>.Text("mode", key => key.Mode is ApiKeyMode.Live ? "live" : "test"),
        EntityColumn<ApiKey>.Text("revoked", key => key.RevokedAt is null ? "false" : "true"));

    public static EntityMap<SigningKey> SigningKeys { get; } = EntityMap<SigningKey>.Of("billing_signing_key") with { IsAudited = false };

    public static EntityMap<RingKey> RingKeys { get; } = EntityMap<RingKey>.Of("billing_ring_key") with { IsAudited = false };

    public static EntityMap<StoredAnswer> StoredAnswers { get; } = EntityMap<StoredAnswer>.Of("billing_stored_answer") with { IsAudited = false };
}
