"""The purposes of the Data Privacy Vocabulary 2 (https://w3id.org/dpv, module purposes), child below parent.

`dpv:X`, `https://w3id.org/dpv#X`, the same with a version (`https://w3id.org/dpv/2.0#X`) and, where no other vocabulary is named,
`X` alone mean one purpose. `RightsFulfillment` stands right below `Purpose`, because the vocabulary puts it below a legal basis.
"""

from __future__ import annotations

import re

from hanse.odrl.constraints.trees import Tree, below, remembered

DPV = "dpv:"
"""Begins a purpose in the form that is compared."""

_TOP = "Purpose"
_CHILDREN = {
    _TOP: "AccountManagement CommercialPurpose CommunicationManagement CustomerManagement EnforceSecurity EstablishContractualAgreement"
    " FulfilmentOfObligation HumanResourceManagement Marketing NonCommercialPurpose OrganisationGovernance Personalisation PublicBenefit"
    " RecordManagement ResearchAndDevelopment RightsFulfillment ServiceProvision VendorManagement",
    "Advertising": "PersonalisedAdvertising",
    "CommercialPurpose": "CommercialResearch",
    "CommunicationManagement": "CommunicationForCustomerCare",
    "CreditChecking": "MaintainCreditCheckingDatabase MaintainCreditRatingDatabase",
    "CustomerCare": "CommunicationForCustomerCare",
    "CustomerManagement": "CustomerCare CustomerClaimsManagement CustomerOrderManagement CustomerRelationshipManagement"
    " CustomerSolvencyMonitoring",
    "CustomerRelationshipManagement": "ImproveInternalCRMProcesses",
    "CustomerSolvencyMonitoring": "CreditChecking",
    "EnforceSecurity": "EnforceAccessControl IdentityAuthentication MisusePreventionAndDetection Verification",
    "FraudPreventionAndDetection": "CounterMoneyLaundering MaintainFraudDatabase",
    "FulfilmentOfObligation": "FulfilmentOfContractualObligation LegalCompliance ProtectionOfIPR",
    "HumanResourceManagement": "PersonnelManagement",
    "Marketing": "Advertising DirectMarketing PublicRelations SocialMediaMarketing",
    "MisusePreventionAndDetection": "FraudPreventionAndDetection",
    "NonCommercialPurpose": "NonCommercialResearch",
    "OptimisationForConsumer": "OptimiseUserInterface",
    "OptimisationForController": "ImproveExistingProductsAndServices ImproveInternalCRMProcesses IncreaseServiceRobustness"
    " InternalResourceOptimisation",
    "OrganisationGovernance": "DisputeManagement MemberPartnerManagement OrganisationComplianceManagement OrganisationRiskManagement",
    "Personalisation": "PersonalisedAdvertising ServicePersonalisation",
    "PersonalisedAdvertising": "TargetedAdvertising",
    "PersonnelManagement": "PersonnelHiring PersonnelPayment",
    "ProvidePersonalisedRecommendations": "ProvideEventRecommendations ProvideProductRecommendations",
    "PublicBenefit": "CombatClimateChange Counterterrorism DataAltruism ImproveHealthcare ImprovePublicServices"
    " ImproveTransportMobility ProtectionOfNationalSecurity ProtectionOfPublicSecurity ProvideOfficialStatistics PublicPolicyMaking",
    "RequestedServiceProvision": "DeliveryOfGoods",
    "ResearchAndDevelopment": "AcademicResearch CommercialResearch NonCommercialResearch ScientificResearch",
    "SellProducts": "SellDataToThirdParties SellInsightsFromData SellProductsToDataSubject",
    "ServiceOptimisation": "OptimisationForConsumer OptimisationForController",
    "ServicePersonalisation": "PersonalisedBenefits ProvidePersonalisedRecommendations UserInterfacePersonalisation",
    "ServiceProvision": "PaymentManagement RepairImpairments RequestedServiceProvision SearchFunctionalities SellProducts"
    " ServiceOptimisation ServicePersonalisation ServiceRegistration ServiceUsageAnalytics TechnicalServiceProvision",
    "VendorManagement": "VendorPayment VendorRecordsManagement VendorSelectionAssessment",
    "Verification": "AgeVerification IdentityVerification",
}
_PARENTS: dict[str, tuple[str, ...]] = {_TOP: ()}
for _parent, _children in _CHILDREN.items():
    for _child in _children.split():
        _PARENTS[_child] = (*_PARENTS.get(_child, ()), _parent)

_IRI = re.compile(r"https?://w3id\.org/dpv(?:/[0-9]\.[0-9])?(?:/dpv)?[#/](?P<name>[A-Za-z]{1,64})")


@remembered
def purpose(name: str) -> str:
    """Return a purpose in the form that is compared: `dpv:X` for one of this vocabulary, any other name as it is."""
    if name.startswith(DPV):
        return name
    if name in _PARENTS:
        return DPV + name
    found = _IRI.fullmatch(name) if len(name) <= 128 else None
    return DPV + found["name"] if found else name


PARENTS = {DPV + name: tuple(DPV + parent for parent in parents) for name, parents in _PARENTS.items()}
"""Each purpose with those directly above it."""

PURPOSES = Tree(below(PARENTS), purpose)
