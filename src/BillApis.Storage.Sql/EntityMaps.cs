using System.Collections.Concurrent;
using System.Text.Json;
using BillApis.Metering;
using BillApis.Pricing;
using BillApis.Storage;

namespace BillApis.Storage.Sql;

/// <summary>Where each kind of thing is kept.</summary>
internal static class EntityMaps
{
    public static EntityMap<TenantSettings> Settings { get; } = EntityMap<TenantSettings>.Of("billing_setting");

    public static EntityMap<Customer> Customers { get; } = EntityMap<Customer>.Of(
        "billing_customer",
        EntityColumn<Customer>.Text("email", item => item.Email),
        EntityColumn<Customer>.Text("legal_entity_id", item => item.LegalEntity),
        Archived<Customer>()) with { Outdates = item => new Change(item.Tenant, item.Id) };

    public static EntityMap<LegalEntity> LegalEntities { get; } = EntityMap<LegalEntity>.Of("billing_legal_entity", Archived<LegalEntity>()) with { Known = new KnownBodies<LegalEntity>() };

    public static EntityMap<Product> Products { get; } = EntityMap<Product>.Of("billing_product", Archived<Product>()) with { Known = new KnownBodies<Product>() };

    public static EntityMap<Metric> Metrics { get; } = EntityMap<Metric>.Of(
        "billing_metric",
        EntityColumn<Metric>.Text("event_type", item => item.EventType),
        Archived<Metric>()) with { Known = new KnownBodies<Metric>() };

    public static EntityMap<Price> Prices { get; } = EntityMap<Price>.Of(
        "billing_price",
        EntityColumn<Price>.Text("product_id", item => item.Product),
        EntityColumn<Price>.Text("metric_id", item => item.Metric),
        EntityColumn<Price>.Text("model", item => item.Terms.Model.Name),
        EntityColumn<Price>.Text("currency", item => item.Terms.Currency),
        Archived<Price>());

    public static EntityMap<Plan> Plans { get; } = EntityMap<Plan>.Of(
        "billing_plan",
        EntityColumn<Plan>.Text("status", item => item.Latest.PublishedAt is null ? "draft" : "published"),
        Archived<Plan>());

    public static EntityMap<Feature> Features { get; } = EntityMap<Feature>.Of(
        "billing_feature",
        EntityColumn<Feature>.Text("metric_id", item => item.Metric),
        Archived<Feature>()) with { Outdates = item => new Change(item.Tenant, null), Known = new KnownBodies<Feature>() };

    public static EntityMap<EntitlementOverride> Entitlements { get; } = EntityMap<EntitlementOverride>.Of(
        "billing_entitlement",
        EntityColumn<EntitlementOverride>.Text("customer_id", item => item.Customer),
        EntityColumn<EntitlementOverride>.Text("feature_id", item => item.Terms.Feature),
        EntityColumn<EntitlementOverride>.Text("ended", item => item.EndedAt is null ? "false" : "true")) with { Outdates = item => new Change(item.Tenant, item.Customer) };

    /// <summary>An enum value as it stands in JSON.</summary>
    public static string Wire<TEnum>(TEnum value) where TEnum : struct, Enum => Names<TEnum>.Wired.GetOrAdd(value, static value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));

    /// <summary>Whether a thing of master data is archived.</summary>
    public static EntityColumn<T> Archived<T>() where T : class, IMasterData<T> => EntityColumn<T>.Text("archived", item => item.ArchivedAt is null ? "false" : "true");

    private static class Names<TEnum> where TEnum : struct, Enum
    {
        public static ConcurrentDictionary<TEnum, string> Wired { get; } = [];
    }
}
