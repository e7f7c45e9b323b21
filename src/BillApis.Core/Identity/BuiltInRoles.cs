using System.Collections.Immutable;

namespace BillApis.Identity;

/// <summary>The roles that every tenant has.</summary>
internal static class BuiltInRoles
{
    public const string Owner = "owner";

    // Who may do what belongs to the owner and the administrators; everything else is business that all may read.
    private static readonly ImmutableArray<string> Business = [.. Permission.Resources.Except(["users", "roles", "api-keys", "tenants", "audit"])];

    public static ImmutableSortedDictionary<string, PermissionSet> All { get; } = new Dictionary<string, PermissionSet>
    {
        [Owner] = new([Permission.All]),
        ["admin"] = new([.. Read(Permission.Resources), .. Write([.. Permission.Resources.Except(["tenants"])])]),
        ["finance"] = new([.. Read(Business), .. Write(["customers", "legal-entities", "coupons", "tax-rates", "invoices", "credit-memos", "credits", "payments", "ledger"])]),
        ["support"] = new([.. Read(Business), .. Write(["customers", "subscriptions", "spend-control", "notifications"])]),
        ["developer"] = new(
        [
            .. Read([.. Business, "api-keys"]),
            .. Write(["products", "metrics", "prices", "plans", "features", "usage", "entitlements", "webhooks", "orchestration", "test-clock", "api-keys"]),
        ]),
        ["read-only"] = new(Read(Permission.Resources)),
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    private static IEnumerable<Permission> Read(IEnumerable<string> resources) => resources.Select(resource => new Permission(resource, Permission.Read));

    private static IEnumerable<Permission> Write(IEnumerable<string> resources) => resources.Select(resource => new Permission(resource, Permission.Write));
}
