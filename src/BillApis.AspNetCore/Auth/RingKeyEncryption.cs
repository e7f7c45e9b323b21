using System.Security.Cryptography;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.AspNetCore;

/// <summary>Puts keys of the ring under the certificate in use that are stored in the clear or under one before it, so that neither a copy of the database nor an old certificate opens them.</summary>
/// <remarks>Data Protection encrypts a key once, when it is made; what it writes then is its documented format.</remarks>
internal sealed class RingKeyEncryption(IServiceProvider services)
{
    private const string DecryptorType = "decryptorType";
    private static readonly XNamespace Format = "http://schemas.asp.net/2015/03/dataProtection";
    private static readonly XName IsSecret = Format + "requiresEncryption";
    private static readonly XName Encrypted = Format + "encryptedSecret";

    /// <summary>The key as it should be stored; null where it is.</summary>
    public XElement? Renewed(XElement key, IXmlEncryptor encryptor)
    {
        var renewed = new XElement(key);
        var clear = renewed.Descendants().FirstOrDefault(element => (bool?)element.Attribute(IsSecret) is true);
        if (clear is not null)
        {
            var secret = new XElement(clear);
            secret.SetAttributeValue(IsSecret, null);
            clear.ReplaceWith(Under(encryptor, secret));
            return renewed;
        }

        if (renewed.Descendants(Encrypted).FirstOrDefault() is not { } stored || CertificateOf(stored) is not { } before || before == CertificateOf(Under(encryptor, new XElement("probe"))) || Open(stored) is not { } opened)
        {
            return null;
        }

        stored.ReplaceWith(Under(encryptor, opened));
        return renewed;
    }

    private static XElement Under(IXmlEncryptor encryptor, XElement secret)
    {
        var made = encryptor.Encrypt(secret);
        return new XElement(Encrypted, new XAttribute(DecryptorType, made.DecryptorType.AssemblyQualifiedName!), made.EncryptedElement);
    }

    private static string? CertificateOf(XElement encrypted) => encrypted.Descendants().FirstOrDefault(element => element.Name.LocalName == "X509Certificate")?.Value;

    private XElement? Open(XElement encrypted)
    {
        try
        {
            return Type.GetType((string?)encrypted.Attribute(DecryptorType) ?? "") is { } type
                ? ((IXmlDecryptor)ActivatorUtilities.CreateInstance(services, type)).Decrypt(encrypted.Elements().Single())
                : null;
        }
        catch (CryptographicException)
        {
            // Its certificate is not at hand: who has it reads it, and puts it under the other.
            return null;
        }
    }
}
