using System.Xml.Linq;
using BillApis.Identity;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;

namespace BillApis.AspNetCore;

/// <summary>Keeps the keys of ASP.NET Data Protection in the database, so that every node decrypts what another one encrypted.</summary>
/// <remarks>Its caller takes no asynchronous answer; it asks at the start, and about once a day.</remarks>
internal sealed class DatabaseKeyRing(IStore<RingKey> store, RingKeyEncryption encryption) : IXmlRepository
{
    /// <summary>What the keys are encrypted with; null where the database holds them in the clear.</summary>
    public IXmlEncryptor? Encryptor { get; set; }

    public IReadOnlyCollection<XElement> GetAllElements() => Task.Run(ReadAsync).GetAwaiter().GetResult();

    public void StoreElement(XElement element, string friendlyName)
    {
        var key = new RingKey { Xml = element.ToString(SaveOptions.DisableFormatting), CreatedAt = RealTime.Now };
        Task.Run(() => store.SaveAsync(TenantId.Default, [key], [], CancellationToken.None)).GetAwaiter().GetResult();
    }

    private async Task<IReadOnlyCollection<XElement>> ReadAsync()
    {
        var elements = new List<XElement>();
        await foreach (var key in store.AllAsync(TenantId.Default, new StoreQuery { Limit = Limits.PageSize }, CancellationToken.None).ConfigureAwait(false))
        {
            var element = XElement.Parse(key.Xml);
            if (Encryptor is not null && encryption.Renewed(element, Encryptor) is { } renewed)
            {
                element = renewed;

                // Lost to another node, it did the same.
                await store.SaveAsync(TenantId.Default, [key with { Xml = renewed.ToString(SaveOptions.DisableFormatting) }], [], CancellationToken.None).ConfigureAwait(false);
            }

            elements.Add(element);
        }

        return elements;
    }
}
