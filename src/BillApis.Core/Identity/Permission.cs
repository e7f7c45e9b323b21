using System.Collections.Immutable;

namespace BillApis.Identity;

/// <summary>An action on a kind of thing, written <c>invoices:read</c>; <c>*</c> stands for any.</summary>
internal readonly record struct Permission(string Resource, string Action)
{
    public const string Read = "read";
    public const string Write = "write";
    private const string Any = "*";

    /// <summary>Everything, also what is added later.</summary>
    public static Permission All { get; } = new(Any, Any);

    /// <summary>Every kind of thing that a permission may be about.</summary>
    public static ImmutableArray<string> Resources { get; } =
    [
        "customers", "legal-entities", "products", "metrics", "prices", "plans", "features", "coupons", "tax-rates", "subscriptions", "usage", "invoices", "credit-memos", "credits", "payments",
        "ledger", "spend-control", "entitlements", "analytics", "notifications", "webhooks", "orchestration", "settings", "test-clock", "users", "roles", "api-keys", "tenants", "audit",
    ];

    public static ImmutableArray<string> Actions { get; } = [Read, Write];

    /// <summary>Reads the written form.</summary>
    /// <exception cref="BillingException">It is no permission; the message names the field and what is allowed.</exception>
    public static Permission Parse(string field, string text) =>
        text.Split(':') is [var resource, var action] && (resource is Any || Resources.Contains(resource)) && (action is Any || Actions.Contains(action))
            ? new Permission(resource, action)
            : throw BillingException.Field(field, $"must be like invoices:read, with one of {string.Join(", ", Resources)} or * before the colon and one of {string.Join(", ", Actions)} or * after it");

    /// <summary>Whether whoever has this has the other as well.</summary>
    public bool Covers(Permission other) => (Resource is Any || Resource == other.Resource) && (Action is Any || Action == other.Action);

    /// <summary>All that it stands for, one by one.</summary>
    public IEnumerable<Permission> Expand()
    {
        var actions = Action is Any ? Actions : [Action];
        return (Resource is Any ? Resources : [Resource]).SelectMany(resource => actions.Select(action => new Permission(resource, action)));
    }

    public override string ToString() => $"{Resource}:{Action}";
}
