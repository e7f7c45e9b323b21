using BillApis.Invoicing;

namespace BillApis.Storage.Sql.Invoicing;

/// <summary>Where coupons and tax rates are kept.</summary>
internal static class DiscountMaps
{
    public static EntityMap<Coupon> Coupons { get; } = EntityMap<Coupon>.Of("billing_coupon", EntityMaps.Archived<Coupon>());

    public static EntityMap<TaxRate> TaxRates { get; } = EntityMap<TaxRate>.Of(
        "billing_tax_rate",
        EntityColumn<TaxRate>.Text("country", item => item.Country),
        EntityColumn<TaxRate>.Text("region", item => item.Region),
        EntityColumn<TaxRate>.Text("tax_category", item => item.TaxCategory),
        EntityMaps.Archived<TaxRate>()) with { Known = new KnownBodies<TaxRate>() };
}
